const { createHash, createHmac } = require("node:crypto");

exports.handler = async () => {
  const of = (name, text) => createHash(name).update(text).digest("hex");
  return {
    md5: of("md5", "The quick brown fox jumps over the lazy dog"),
    sha1: of("sha1", "The quick brown fox jumps over the lazy dog"),
    sha256: of("sha256", ""),
    long: createHash("sha256").update("a".repeat(500)).update(Buffer.from("b")).digest("base64"),
    hmac: createHmac("sha256", "key").update("The quick brown fox jumps over the lazy dog").digest("hex"),
  };
};
