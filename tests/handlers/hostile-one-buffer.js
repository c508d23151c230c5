exports.handler = async () => new ArrayBuffer(2 ** 31 - 1).byteLength;
