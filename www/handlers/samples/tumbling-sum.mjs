// Sum a tumbling window: each answer hands its state to the next invocation of the shard, the last one has no records.
// It takes a tumbling window on the mapping.

export const handler = async (event) => {
  const state = event.state ?? {};
  let { records = 0, cents = 0 } = state;
  for (const { kinesis } of event.Records) {
    const { price } = JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8"));
    records += 1;
    cents += price?.cents ?? 0;
  }
  if (event.isFinalInvokeForWindow) {
    console.log(`${event.window.start} to ${event.window.end}: ${records} records, ${cents} cents`);
    return {};
  }
  return { state: { records, cents } };
};
