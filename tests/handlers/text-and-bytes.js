exports.handler = async () => {
  const text = "Grüße, 🌍! \u0000 end";
  const bytes = Buffer.from(text);
  return {
    length: bytes.length,
    hex: bytes.toString("hex"),
    base64: bytes.toString("base64"),
    url: Buffer.from([251, 255, 254]).toString("base64url"),
    lenient: Buffer.from("-_ -\n_8=rest", "base64").toString("hex"),
    back: Buffer.from(bytes.toString("base64"), "base64").toString() === text,
    latin1: Buffer.from("é", "latin1").toString("latin1"),
    decoded: new TextDecoder().decode(new TextEncoder().encode(text)) === text,
    broken: new TextDecoder().decode(new Uint8Array([65, 255, 66])),
    concat: Buffer.concat([Buffer.from("ab"), Buffer.from("cd")]).toString(),
    number: Buffer.from([1, 2, 3, 4]).readUInt32BE(0),
    json: JSON.stringify(Buffer.from("hi")),
    atob: atob(btoa("plain")),
    index: Buffer.from("hello world").indexOf("world"),
  };
};
