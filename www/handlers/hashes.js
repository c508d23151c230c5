// Digests inside the sandboxed engine: crypto.createHash and createHmac for MD5, SHA-1 and SHA-256, which handlers use
// to name records and to compare them.
"use strict";
(box) => {
  const { Buffer, plain, hide } = box;
  const rotate = (value, by) => (value << by) | (value >>> (32 - by));

  // The constants as the standards make them: fractions of roots of primes, exact in whole numbers, and sines, which the
  // engine brings along. They are part of the image that every environment begins with.
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  const root = (n, degree) => {
    // The integer root of n · 2^(32 · degree), of which the low 32 bits are the fraction.
    const target = BigInt(n) << BigInt(32 * degree);
    let [low, high] = [0n, 1n << 36n];
    while (high - low > 1n) {
      const middle = (low + high) / 2n;
      if (middle ** BigInt(degree) <= target) low = middle;
      else high = middle;
    }
    return Number(low & 0xffffffffn) | 0;
  };
  const roots = primes.map((prime) => root(prime, 3));
  const start = primes.slice(0, 8).map((prime) => root(prime, 2));
  const sines = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296) | 0);

  const sha256 = {
    big: true,
    start: () => start,
    block: (state, words) => {
      for (let i = 16; i < 64; i++) {
        const [two, fifteen] = [words[i - 2], words[i - 15]];
        const low = rotate(fifteen, 25) ^ rotate(fifteen, 14) ^ (fifteen >>> 3);
        const high = rotate(two, 15) ^ rotate(two, 13) ^ (two >>> 10);
        words[i] = (words[i - 16] + low + words[i - 7] + high) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const one = rotate(e, 26) ^ rotate(e, 21) ^ rotate(e, 7);
        const t = (h + one + ((e & f) ^ (~e & g)) + roots[i] + words[i]) | 0;
        const two = rotate(a, 30) ^ rotate(a, 19) ^ rotate(a, 10);
        const u = (two + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + t) | 0, c, b, a, (t + u) | 0];
      }
      return [a, b, c, d, e, f, g, h];
    },
  };
  const sha1 = {
    big: true,
    start: () => [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0],
    block: (state, words) => {
      for (let i = 16; i < 80; i++) words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
      let [a, b, c, d, e] = state;
      for (let i = 0; i < 80; i++) {
        let [mixed, constant] = [b ^ c ^ d, i < 40 ? 0x6ed9eba1 : 0xca62c1d6];
        if (i < 20) [mixed, constant] = [(b & c) | (~b & d), 0x5a827999];
        else if (i >= 40 && i < 60) [mixed, constant] = [(b & c) | (b & d) | (c & d), 0x8f1bbcdc];
        [e, d, c, b, a] = [d, c, rotate(b, 30), a, (rotate(a, 5) + mixed + e + constant + words[i]) | 0];
      }
      return [a, b, c, d, e];
    },
  };
  const shifts = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
  const md5 = {
    big: false,
    start: () => [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476],
    block: (state, words) => {
      let [a, b, c, d] = state;
      for (let i = 0; i < 64; i++) {
        const round = i >> 4;
        let [mixed, at] = [(b & c) | (~b & d), i];
        if (round === 1) [mixed, at] = [(d & b) | (~d & c), (5 * i + 1) & 15];
        else if (round === 2) [mixed, at] = [b ^ c ^ d, (3 * i + 5) & 15];
        else if (round === 3) [mixed, at] = [c ^ (b | ~d), (7 * i) & 15];
        const turned = rotate((a + mixed + sines[i] + words[at]) | 0, shifts[round][i & 3]);
        [a, d, c, b] = [d, c, b, (b + turned) | 0];
      }
      return [a, b, c, d];
    },
  };
  const algorithms = { md5, sha1, sha256 };

  const digest = ({ big, start, block }, message) => {
    const padded = new Uint8Array(((message.length + 72) >> 6) << 6);
    padded.set(message);
    padded[message.length] = 128;
    const view = new DataView(padded.buffer);
    const bits = message.length * 8;
    view.setUint32(padded.length - (big ? 4 : 8), bits, !big);
    view.setUint32(padded.length - (big ? 8 : 4), Math.floor(bits / 4294967296), !big);
    let state = start();
    for (let at = 0; at < padded.length; at += 64) {
      const words = Array.from({ length: 16 }, (_, i) => view.getInt32(at + 4 * i, !big));
      state = block(state, words).map((value, i) => (value + state[i]) | 0);
    }
    const result = Buffer.alloc(4 * state.length);
    state.forEach((value, i) => new DataView(result.buffer).setInt32(4 * i, value, !big));
    return result;
  };
  const known = (name) => {
    const found = algorithms[String(name).toLowerCase().replace("-", "")];
    if (!found) throw new Error(`The box has no digest '${name}': it has md5, sha1 and sha256.`);
    return found;
  };
  class Hash {
    constructor(finish) {
      hide(this, "parts", []);
      hide(this, "finish", finish);
    }
    update(data, encoding) {
      this.parts.push(Buffer.from(data, encoding));
      return this;
    }
    digest(encoding) {
      const result = this.finish(plain(Buffer.concat(this.parts)));
      return encoding ? result.toString(encoding) : result;
    }
  }
  box.createHash = (name) => {
    const algorithm = known(name);
    return new Hash((message) => digest(algorithm, message));
  };
  box.createHmac = (name, secret) => {
    const algorithm = known(name);
    const given = Buffer.from(secret);
    const key = Buffer.alloc(64);
    key.set(given.length > 64 ? digest(algorithm, plain(given)) : given);
    const padded = (byte, rest) => digest(algorithm, plain(Buffer.concat([key.map((one) => one ^ byte), rest])));
    return new Hash((message) => padded(0x5c, padded(0x36, message)));
  };
}
