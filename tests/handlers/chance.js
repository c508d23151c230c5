// {"times": 2}
exports.handler = async () => ({
  number: Math.random(),
  id: crypto.randomUUID(),
  bytes: [...crypto.getRandomValues(new Uint8Array(4))],
  more: require("crypto").randomBytes(4).toString("hex"),
});
