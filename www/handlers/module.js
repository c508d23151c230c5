// The host of compiled modules in a page's worker and in Node, step by step as `src/handlers/module_host.rs`. What a
// module must offer and how batches and answers are laid out stands in `src/handlers/module.rs`, which checks a module
// and puts it on fuel before it comes here.

import { Exit, OVERDUE, Status, Stretch, errorReply } from "./stretch.js";

/** The form of the interface, and the levels of its log. */
const ABI = 1;
const LEVELS = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"];
const { Module } = WebAssembly;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A prepared module, compiled. */
export class ModuleEngine {
  constructor(module, limits) {
    this.module = module instanceof Module ? module : new Module(module);
    this.limits = limits;
  }

  /** A new environment with so many MB of memory, which decides the share of a processor. */
  environment(memory) { return new ModuleEnvironment(this, memory); }
}

class ModuleInstance extends Stretch {
  constructor(engine) {
    let self = null;
    const called = (work) => (...values) => {
      self.take(self.limits.host_call_fuel);
      return work(...values);
    };
    super(engine.module, {
      streamgauge: {
        log: (level, at, length) => {
          const bytes = self.part(at, length);
          const { host_call_fuel: call, log_fuel_per_byte: each } = self.limits;
          self.take(call + bytes.length * each);
          self.keep(LEVELS[level] ?? "INFO", bytes);
        },
        now: called(() => self.instant),
        remaining: called(() => {
          const left = self.timeout - self.elapsed;
          return BigInt(Math.max(0, left));
        }),
        random: called(() => {
          const high = self.next();
          return (BigInt(high) << 32n) | BigInt(self.next());
        }),
        sleep: called((ns) => {
          // Longer than the time there is comes to the same as the time there is.
          if (!self.wait(Number(ns < 0n ? 0n : ns > 900000000000n ? 900000000000n : ns))) throw new Exit(OVERDUE);
        }),
      },
    }, engine.limits);
    self = this;
  }

  seed(parts) {
    this.chance = Uint32Array.from(parts);
    for (let i = 0; i < 12; i++) this.next();
  }

  /** sfc32, the same numbers as in the prelude of JavaScript. */
  next() {
    const chance = this.chance;
    const [a, b, c, d] = chance;
    const t = (a + b + d) >>> 0;
    chance[3] = d + 1;
    chance[0] = b ^ (b >>> 9);
    chance[1] = c + (c << 3);
    chance[2] = ((c << 21) | (c >>> 11)) + t;
    return t;
  }

  /** Bytes of the memory, fewer where it ends before. */
  part(at, length) { return this.bytes().slice(at >>> 0, (at >>> 0) + (length >>> 0)); }
}

class ModuleEnvironment {
  constructor(engine, memory) {
    this.engine = engine;
    this.memory = memory;
    this.instance = null;
  }

  /**
   * @param {Uint8Array} batch as the native host writes it
   * @param {object} how now: {ms, ns}; timeout: ms; seed: four integers; request: its id
   */
  invoke(batch, { now, timeout, seed, request }) {
    const instance = (this.instance ??= new ModuleInstance(this.engine));
    instance.start(now, this.memory, timeout, batch.length);
    instance.seed(seed);
    const outcome = instance.end(request, () => {
      const [status, text] = handle(instance, batch);
      return [status, status === Status.FAILED ? errorReply("Error", text) : text];
    });
    if (outcome.dead) this.instance = null;
    return outcome;
  }
}

/** One batch in and its answer out: the reply, or a message that all of it failed. */
function handle(instance, batch) {
  const { exports } = instance;
  const failed = (message) => [Status.FAILED, message];
  const abi = exports.streamgauge_abi();
  if (abi !== ABI) return failed(`The module has form ${abi} of the interface, and form ${ABI} is known here.`);
  const at = exports.streamgauge_alloc(batch.length) >>> 0;
  if (at + batch.length > instance.bytes().length) {
    return failed("The module made no room for its batch inside its memory.");
  }
  instance.bytes().set(batch, at);
  const packed = BigInt.asUintN(64, exports.streamgauge_handle(at, batch.length));
  const answer = instance.part(Number(packed >> 32n), Number(packed & 0xffffffffn));
  const said = new DataView(answer.buffer);
  const kind = answer.length >= 4 ? said.getUint32(0, true) : -1;
  if (kind === 1) return failed(decoder.decode(answer.subarray(4)));
  if (kind !== 0) return failed("The module's answer is neither a list of positions nor a message.");
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const count = view.getUint32(0, true);
  const positions = new Set();
  for (let at = 4; at + 4 <= answer.length; at += 4) {
    const position = said.getUint32(at, true);
    if (position >= count) return failed("The module's answer names a record that is not in the batch.");
    positions.add(position);
  }
  const items = [];
  let from = 4;
  for (let position = 0; positions.size > 0; position++) {
    const key = view.getUint32(from + 8, true);
    const sequence = view.getUint32(from + 12, true);
    if (positions.delete(position)) {
      const start = from + 20 + key;
      items.push({ itemIdentifier: decoder.decode(batch.subarray(start, start + sequence)) });
    }
    from += 20 + key + sequence + view.getUint32(from + 16, true);
  }
  return [Status.SUCCEEDED, JSON.stringify({ batchItemFailures: items })];
}
