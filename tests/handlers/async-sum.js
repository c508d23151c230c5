exports.handler = async (event, context) => {
  const orders = event.Records.map((record) => JSON.parse(Buffer.from(record.kinesis.data, "base64").toString()));
  console.log("got", orders, context.getRemainingTimeInMillis(), context.functionName);
  return { count: orders.length, sum: orders.reduce((sum, order) => sum + order.amount, 0), now: Date.now() };
};
