// Bytes and text inside the sandboxed engine: Node's Buffer, the encoder and decoder of UTF-8, copies of structures.
//
// From the host: box.text(bytes) and box.bytes(text), which convert UTF-8. Each of these files is one function that
// takes the box and adds to it; the host evaluates them in the order bytes, console, hashes, lambda.
"use strict";
(box) => {
  const { keys, defineProperty, setPrototypeOf } = Object;
  const { text: textOf, bytes: bytesOf } = box;
  const hide = (object, name, value) => defineProperty(object, name, { value, writable: true, configurable: true });

  const decoded = Uint8Array.fromBase64.bind(Uint8Array);
  const alphabet = /[^A-Za-z0-9+/]/g;
  const fromBase64 = (text) => {
    try {
      return Uint8Array.fromBase64(text);
    } catch {
      // Node takes both alphabets, skips what is in neither, and stops at the first sign of padding.
      const clean = text.split("=", 1)[0].replace(/-/g, "+").replace(/_/g, "/").replace(alphabet, "");
      return Uint8Array.fromBase64(clean.length % 4 === 1 ? clean.slice(0, -1) : clean);
    }
  };
  const fromHex = (text) => Uint8Array.fromHex(/^(?:[0-9a-f]{2})*/i.exec(text)[0]);
  const fromLatin1 = (text) => Uint8Array.from(text, (one) => one.charCodeAt(0));
  const toLatin1 = (bytes, mask) => {
    let text = "";
    for (let i = 0; i < bytes.length; i += 8192) {
      const part = bytes.subarray(i, i + 8192);
      text += String.fromCharCode.apply(null, mask ? part.map((byte) => byte & mask) : part);
    }
    return text;
  };
  const toUtf16 = (bytes) => {
    let text = "";
    for (let i = 0; i + 1 < bytes.length; i += 2) text += String.fromCharCode(bytes[i] | (bytes[i + 1] << 8));
    return text;
  };
  const fromUtf16 = (text) => new Uint8Array(Uint16Array.from(text.split(""), (one) => one.charCodeAt(0)).buffer);
  const plain = (bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const codecs = {
    utf8: [bytesOf, (bytes) => textOf(bytes)],
    base64: [fromBase64, (bytes) => plain(bytes).toBase64()],
    base64url: [fromBase64, (bytes) => plain(bytes).toBase64({ alphabet: "base64url", omitPadding: true })],
    hex: [fromHex, (bytes) => plain(bytes).toHex()],
    latin1: [fromLatin1, (bytes) => toLatin1(plain(bytes))],
    ascii: [fromLatin1, (bytes) => toLatin1(plain(bytes), 127)],
    utf16le: [fromUtf16, toUtf16],
  };
  Object.assign(codecs, { "utf-8": codecs.utf8, binary: codecs.latin1, ucs2: codecs.utf16le, "utf-16le": codecs.utf16le });
  const codec = (name = "utf8") => {
    const found = codecs[name] ?? codecs[String(name).toLowerCase()];
    if (!found) throw new TypeError(`Unknown encoding: ${name}`);
    return found;
  };
  const asBuffer = (bytes) => setPrototypeOf(bytes, Buffer.prototype);
  const asBytes = (value, encoding) => (typeof value === "string" ? codec(encoding)[0](value) : value);

  class Buffer extends Uint8Array {
    static from(value, encoding, length) {
      if (typeof value === "string") {
        // The way that nearly every handler goes, without a call that can be saved.
        if (encoding === "base64") {
          try {
            return setPrototypeOf(decoded(value), prototype);
          } catch { /* It is not quite base64, which Node takes as well. */ }
        }
        return asBuffer(codec(encoding)[0](value));
      }
      if (value instanceof ArrayBuffer) return asBuffer(new Uint8Array(value, encoding, length));
      if (value?.type === "Buffer" && Array.isArray(value.data)) return asBuffer(Uint8Array.from(value.data));
      if (typeof value === "object" && value !== null) return asBuffer(Uint8Array.from(value));
      throw new TypeError(
        "The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object.",
      );
    }
    static alloc(size, fill, encoding) {
      const made = asBuffer(new Uint8Array(size));
      return fill === undefined ? made : made.fill(fill, 0, size, encoding);
    }
    static allocUnsafe(size) { return asBuffer(new Uint8Array(size)); }
    static isBuffer(value) { return value instanceof Buffer; }
    static isEncoding(name) { return String(name).toLowerCase() in codecs; }
    static byteLength(value, encoding) { return asBytes(value, encoding).byteLength; }
    static compare(one, other) { return one.compare(other); }
    static concat(list, total = list.reduce((sum, one) => sum + one.length, 0)) {
      const made = Buffer.alloc(total);
      let at = 0;
      for (const one of list) {
        if (at >= total) break;
        made.set(one.subarray(0, total - at), at);
        at += one.length;
      }
      return made;
    }
    toString(encoding, start = 0, end = this.length) {
      // The way that nearly every handler goes.
      if ((encoding === undefined || encoding === "utf8") && start === 0 && end === this.length) return textOf(this);
      return codec(encoding)[1](start === 0 && end === this.length ? this : this.subarray(start, end));
    }
    toJSON() { return { type: "Buffer", data: Array.from(this) }; }
    equals(other) { return this.compare(other) === 0; }
    compare(other) {
      const length = Math.min(this.length, other.length);
      for (let i = 0; i < length; i++) if (this[i] !== other[i]) return this[i] < other[i] ? -1 : 1;
      return Math.sign(this.length - other.length);
    }
    slice(start, end) { return this.subarray(start, end); }
    copy(target, at = 0, start = 0, end = this.length) {
      const part = this.subarray(start, Math.min(end, start + target.length - at));
      target.set(part, at);
      return part.length;
    }
    write(text, at = 0, length = this.length - at, encoding = "utf8") {
      if (typeof at === "string") return this.write(text, 0, this.length, at);
      if (typeof length === "string") return this.write(text, at, this.length - at, length);
      const part = codec(encoding)[0](text).subarray(0, length);
      this.set(part, at);
      return part.length;
    }
    fill(value, start = 0, end = this.length, encoding) {
      if (typeof value !== "string") return super.fill(value, start, end);
      const bytes = asBytes(value, typeof start === "string" ? start : encoding);
      if (typeof start === "string") [start, end] = [0, this.length];
      for (let i = start; i < end; i++) this[i] = bytes.length ? bytes[(i - start) % bytes.length] : 0;
      return this;
    }
    indexOf(value, from = 0, encoding) {
      if (typeof value === "number") return super.indexOf(value & 255, from);
      return toLatin1(plain(this)).indexOf(toLatin1(asBytes(value, encoding)), from);
    }
    includes(value, from, encoding) { return this.indexOf(value, from, encoding) >= 0; }
  }
  const { prototype } = Buffer;
  hide(Buffer, "poolSize", 8192);
  const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [name, method, size] of [
    ["UInt8", "Uint8", 1], ["Int8", "Int8", 1], ["UInt16", "Uint16", 2], ["Int16", "Int16", 2], ["UInt32", "Uint32", 4],
    ["Int32", "Int32", 4], ["Float", "Float32", 4], ["Double", "Float64", 8], ["BigInt64", "BigInt64", 8],
    ["BigUInt64", "BigUint64", 8],
  ]) {
    for (const [end, little] of size === 1 ? [["", true]] : [["LE", true], ["BE", false]]) {
      hide(Buffer.prototype, `read${name}${end}`, function (at = 0) { return view(this)[`get${method}`](at, little); });
      hide(Buffer.prototype, `write${name}${end}`, function (value, at = 0) {
        view(this)[`set${method}`](at, value, little);
        return at + size;
      });
    }
  }

  class TextEncoder {
    get encoding() { return "utf-8"; }
    encode(text = "") { return bytesOf(String(text)); }
  }
  class TextDecoder {
    constructor(label = "utf-8", options = {}) {
      const name = String(label).toLowerCase();
      if (name !== "utf-8" && name !== "utf8") throw new RangeError(`The "${label}" encoding is not supported`);
      this.fatal = Boolean(options.fatal);
      this.ignoreBOM = Boolean(options.ignoreBOM);
    }
    get encoding() { return "utf-8"; }
    decode(input = new Uint8Array(0)) {
      const bytes = input instanceof ArrayBuffer ? new Uint8Array(input) : plain(input);
      const text = textOf(bytes);
      if (this.fatal && text.includes("\ufffd") && Buffer.from(text).compare(bytes) !== 0) {
        throw new TypeError("The encoded data was not valid for encoding utf-8");
      }
      return !this.ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    }
  }

  const cloned = (value, seen = new Map()) => {
    if (typeof value === "function" || typeof value === "symbol") {
      throw new DOMException(`${String(value)} could not be cloned.`, "DataCloneError");
    }
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const keep = (made) => (seen.set(value, made), made);
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const kind = value instanceof Buffer ? Uint8Array : value.constructor;
      return keep(new kind(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength)));
    }
    if (value instanceof Map) {
      const made = keep(new Map());
      for (const [key, item] of value) made.set(cloned(key, seen), cloned(item, seen));
      return made;
    }
    if (value instanceof Set) {
      const made = keep(new Set());
      for (const item of value) made.add(cloned(item, seen));
      return made;
    }
    if (value instanceof Error) {
      const made = keep(new (globalThis[value.name] ?? Error)(value.message));
      made.stack = value.stack;
      return made;
    }
    const made = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of keys(value)) made[key] = cloned(value[key], seen);
    return made;
  };

  Object.assign(box, { Buffer, TextEncoder, TextDecoder, cloned, plain, hide });
}
