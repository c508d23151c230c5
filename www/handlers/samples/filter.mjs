// Keep what matters, drop the rest before it costs anything.
// Filter criteria on the mapping do the same without an invocation; this is for rules that they cannot say.

const matters = ({ price }) => price !== null && price.cents >= 1_000;

export const handler = async (event) => {
  const orders = event.Records.map(({ kinesis }) => JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8")));
  const kept = orders.filter(matters);
  console.log(`kept ${kept.length} of ${orders.length}:`, kept.map(({ id }) => id).join(" "));
};
