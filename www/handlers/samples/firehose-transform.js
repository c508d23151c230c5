// Transform the records of a Firehose stream: one line of CSV each, what is no order is dropped or marked.
// Each recordId comes back exactly once, with Ok, Dropped or ProcessingFailed.

const line = ({ id, price }) => Buffer.from(`${id},${price.cents}\n`, "utf8").toString("base64");

exports.handler = async (event) => ({
  records: event.records.map(({ recordId, data }) => {
    try {
      const order = JSON.parse(Buffer.from(data, "base64").toString("utf8"));
      return order.price ? { recordId, result: "Ok", data: line(order) } : { recordId, result: "Dropped", data };
    } catch {
      return { recordId, result: "ProcessingFailed", data };
    }
  }),
});
