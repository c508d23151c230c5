exports.handler = async () => {
  const one = { date: new Date(0), map: new Map([["a", { deep: [1, 2n, null] }]]), set: new Set([1]), bytes: Buffer.from("x") };
  one.self = one;
  const copy = structuredClone(one);
  let refused;
  try {
    structuredClone({ work() {} });
  } catch (error) {
    refused = error.name;
  }
  return [copy !== one, copy.self === copy, copy.map.get("a").deep.length, copy.date.getTime(), copy.bytes.length, refused];
};
