// Count records by partition key, for as long as this environment lives.
// Each concurrent environment counts for itself, and a cold start begins at nothing.

const counts = new Map();

export const handler = async (event) => {
  for (const { kinesis } of event.Records) {
    counts.set(kinesis.partitionKey, (counts.get(kinesis.partitionKey) ?? 0) + 1);
  }
  const top = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 3);
  console.log("busiest keys:", top.map(([key, count]) => `${key} ${count}`).join(", "));
};
