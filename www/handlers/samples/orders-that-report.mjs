// Book each order of the batch, and name the first that cannot be booked.
// It takes ReportBatchItemFailures: what stood before that record is done, and the rest comes again, in order.

const ledger = new Map();

const book = async (id, cents) => {
  ledger.set(id, (ledger.get(id) ?? 0) + cents);
};

export const handler = async (event) => {
  const batchItemFailures = [];
  for (const record of event.Records) {
    const { data, sequenceNumber } = record.kinesis;
    try {
      const order = JSON.parse(Buffer.from(data, "base64").toString("utf8"));
      await book(order.id, order.price.cents);
    } catch (error) {
      console.error(`${sequenceNumber} cannot be booked: ${error.name}`);
      batchItemFailures.push({ itemIdentifier: sequenceNumber });
      break;
    }
  }
  return { batchItemFailures };
};
