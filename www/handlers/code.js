// The code of a scenario's functions in the box: a question of the engine in, the answer and what is to be seen of it
// out. The native side has the same in `src/session/code.rs`, step by step; a test compares the two.

import { HandlerEngine, ModuleEngine, Status } from "./host.js";

const { Instance } = WebAssembly;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const newline = 10;

/** Two FNV-1a sums of 32 bits over the same bytes, from different beginnings. */
class Witness {
  constructor() { this.sums = [0x811c9dc5, 0x12345678]; }

  take(bytes) {
    let [first, second] = this.sums;
    for (const byte of bytes) {
      first = Math.imul(first ^ byte, 0x01000193);
      second = Math.imul(second ^ byte, 0x01000193);
    }
    this.sums = [first, second];
  }

  toString() { return this.sums.map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join(""); }
}

/** Puts a compiled module on fuel: its bytes, or a sentence that says why it cannot run here. */
export function prepare(meter, bytes) {
  const { exports } = new Instance(meter, {});
  const at = exports.sg_alloc(bytes.length) >>> 0;
  new Uint8Array(exports.memory.buffer).set(bytes, at);
  const refused = exports.sg_prepare() !== 0;
  const from = exports.sg_out_ptr() >>> 0;
  const output = new Uint8Array(exports.memory.buffer).slice(from, from + (exports.sg_out_len() >>> 0));
  return refused ? { sentence: decoder.decode(output) } : { module: output };
}

/** What an answer of a function means to the mapping: nothing failed, all of it did, or these sequence numbers. */
function failures(reply, reads) {
  if (reads.window && (reply === null || typeof reply !== "object" || Array.isArray(reply) || !("state" in reply))) {
    return { kind: 1 };
  }
  if (!reads.items && !reads.window) return { kind: 0 };
  if (reply === null || reply === "") return { kind: 0 };
  if (typeof reply !== "object" || Array.isArray(reply)) return { kind: 2, failed: [""] };
  const items = reply.batchItemFailures;
  if (items === undefined || items === null) return { kind: 0 };
  if (!Array.isArray(items)) return { kind: 2, failed: [""] };
  if (items.length === 0) return { kind: 0 };
  const named = items.map((item) => item?.itemIdentifier);
  // Whatever is no name stands for the whole batch, as a name does that is not in it.
  return { kind: 2, failed: named.every((name) => typeof name === "string") ? named : [""] };
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes that a text in base64 stands for; -1 for anything else. */
function decodedLength(text) {
  if (typeof text !== "string" || text.length % 4 !== 0 || !BASE64.test(text)) return -1;
  return Math.floor((text.replace(/=+$/, "").length * 3) / 4);
}

/** The partition that an answer names: its keys in order, each with its value, as one text. */
function partition(answer) {
  const keys = answer.metadata?.partitionKeys;
  if (keys === null || typeof keys !== "object" || Array.isArray(keys)) return "";
  const pairs = Object.entries(keys).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return pairs.sort().join(",");
}

/** What an answer says of one record of a delivery stream: O with its bytes and perhaps its partition, D, or F. */
function verdict(answer) {
  if (answer.result === "Dropped") return "D";
  const bytes = answer.result === "Ok" ? decodedLength(answer.data) : -1;
  if (bytes < 0) return "F";
  const named = partition(answer);
  return named === "" ? `O\t${bytes}` : `O\t${bytes}\t${named}`;
}

/** What an answer says of the records of a delivery stream, a line for each, and how many of each kind. */
function transformed(reply, count) {
  const said = new Map();
  for (const answer of Array.isArray(reply?.records) ? reply.records : []) {
    const id = answer?.recordId;
    // What is no id of ours stands for no record; what is said twice has failed.
    if (typeof id === "string" && /^[0-9]+$/.test(id)) said.set(id, said.has(id) ? "F" : verdict(answer));
  }
  const of = (kind) => [...said.values()].filter((each) => each[0] === kind).length;
  const [ok, dropped] = [of("O"), of("D")];
  const text = [...said].map(([id, each]) => `${id}\t${each}`).join("\n");
  return { kind: 3, said: text, verdicts: [ok, dropped, Math.max(0, count - ok - dropped)] };
}

/** The code of a run. */
export class Code {
  /**
   * @param {object} tools javascript: the metered engine, or null; sources: its prelude; limits; meter: the module that
   *   puts others on fuel, or null
   * @param {{consumer: number, code?: string, module?: Uint8Array}[]} given what each function runs, by its owner's number
   */
  constructor({ javascript, sources, limits, meter }, given) {
    this.limits = limits;
    this.kept = Math.floor(limits.environments_kept / Math.max(1, given.length));
    this.environments = new Map();
    this.of = new Map();
    let engine = null;
    for (const { consumer, code, module } of given) {
      let made;
      if (module === undefined) {
        engine ??= new HandlerEngine(javascript, sources, limits);
        made = (settings) => engine.environment({ ...settings, code, node: 22 });
      } else {
        const prepared = prepare(meter, module);
        if (prepared.sentence !== undefined) throw new Error(prepared.sentence);
        const compiled = new ModuleEngine(prepared.module, limits);
        made = ({ memory }) => compiled.environment(memory);
      }
      const report = { invocations: 0, ended: [0, 0, 0, 0, 0, 0], fuel: 0, longest: 0, witness: new Witness() };
      this.of.set(consumer, { made, report });
    }
  }

  /** What came of the code of each function so far. */
  reports() {
    return [...this.of].map(([consumer, { report }]) => ({
      consumer, invocations: report.invocations, ended: report.ended, fuel: report.fuel,
      longest_ns: report.longest, witness: String(report.witness),
    }));
  }

  /** Runs the code on a question; gives the answer for the engine, and the outcome with what the question said. */
  handle(question) {
    const end = question.indexOf(newline);
    const head = JSON.parse(decoder.decode(question.subarray(0, end)));
    const event = question.subarray(end + 1);
    const { consumer, environment, cold, seed, timeout, memory, id, context, env } = head;
    const now = { ms: Math.floor(head.now / 1000), ns: (head.now % 1000) * 1000 };
    const loaded = this.of.get(consumer);
    if (loaded === undefined) return { head, event, outcome: null, answer: { kind: 0, took: 0, init: 0, failed: [] } };
    const { made, report } = loaded;
    const key = `${consumer}:${environment}`;
    let place = cold ? undefined : this.environments.get(key);
    let init = 0;
    if (place === undefined) {
      place = made({ memory, env, seed, now });
      init = place.init?.duration ?? 0;
    }
    const outcome = place.invoke(event, { now, timeout, seed, request: id, context });
    init += outcome.init?.duration ?? 0;
    if (environment < this.kept) this.environments.set(key, place);
    else this.environments.delete(key);
    this.#count(report, outcome);
    const micros = (ns) => Math.ceil(ns / 1000);
    // A new environment loads the code while it starts; one that has to do it again does so within the invocation.
    const [took, loads] = cold ? [outcome.duration, init] : [outcome.duration + init, 0];
    const answer = { kind: 1, took: micros(took), init: micros(loads), failed: [], state: undefined };
    if (outcome.status === Status.SUCCEEDED) {
      const reply = JSON.parse(outcome.reply);
      if (head.window && reply !== null && typeof reply === "object" && "state" in reply) {
        answer.state = JSON.stringify(reply.state);
      }
      if (!head.transform) Object.assign(answer, failures(reply, head));
      else if (!head.module) Object.assign(answer, transformed(reply, head.records));
      else {
        Object.assign(answer, failures(reply, { items: true }));
        answer.verdicts = [head.records - answer.failed.length, 0, answer.failed.length];
      }
    }
    return { head, event, outcome, answer };
  }

  #count(report, outcome) {
    report.invocations += 1;
    report.ended[outcome.status] += 1;
    report.fuel += outcome.fuel;
    report.longest = Math.max(report.longest, outcome.duration);
    const { witness } = report;
    witness.take([outcome.status]);
    witness.take(encoder.encode(outcome.reply));
    for (const line of [...(outcome.init?.logs ?? []), ...outcome.logs]) {
      witness.take(encoder.encode(line.level));
      witness.take(encoder.encode(line.text));
    }
  }
}
