// {"records": 3}
exports.handler = async (event) => {
  const batchItemFailures = [];
  for (const record of event.Records) {
    const order = JSON.parse(atob(record.kinesis.data));
    if (order.id === 1) batchItemFailures.push({ itemIdentifier: record.kinesis.sequenceNumber });
  }
  return { batchItemFailures };
};
