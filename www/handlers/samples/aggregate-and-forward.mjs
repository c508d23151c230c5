// Sum the batch by key first, then forward one total for each key: few writes instead of many.

const forward = (totals) =>
  new Promise((resolve) => {
    // A write to a table: it takes its time, however many totals it carries.
    setTimeout(resolve, 12, totals);
  });

export const handler = async (event) => {
  const totals = {};
  for (const { kinesis } of event.Records) {
    const { price } = JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8"));
    totals[kinesis.partitionKey] = (totals[kinesis.partitionKey] ?? 0) + (price?.cents ?? 0);
  }
  const written = await forward(totals);
  console.log(`${event.Records.length} records became ${Object.keys(written).length} totals`, written);
};
