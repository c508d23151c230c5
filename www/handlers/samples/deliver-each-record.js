// Decode each record, count what succeeded and what failed, and answer for each: Ok or DeliveryFailed.
// This is the answer that a Kinesis Data Analytics application takes from its output function. An event source mapping
// takes it, too, but as success of the whole batch.

exports.handler = async (event) => {
  let success = 0;
  let failure = 0;
  const incoming = event.records ?? event.Records;
  const records = incoming.map((record) => {
    const recordId = record.recordId ?? record.kinesis.sequenceNumber;
    try {
      const text = Buffer.from(record.data ?? record.kinesis.data, "base64").toString("utf8");
      // Here the result would be delivered to its destination.
      JSON.parse(text);
      success += 1;
      return { recordId, result: "Ok" };
    } catch {
      failure += 1;
      return { recordId, result: "DeliveryFailed" };
    }
  });
  console.log(`Successful delivered records ${success}, Failed delivered records ${failure}.`);
  return { records };
};
