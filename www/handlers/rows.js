// What is to be seen of a consumer's code: a row for each invocation with what it logged, within bounds, and an example
// of its records.

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();
const newline = 10;

/** Rows of a run that are told; beyond them only those that failed are, up to as many again. */
const ROWS_MAX = 10_000;
/** Letters of logs, replies and records that are told in a run. */
const TEXT_MAX = 4 << 20;
/** Letters of one reply or one record's data. */
const PART_MAX = 4_096;

const short = (text) => (text.length > PART_MAX ? `${text.slice(0, PART_MAX)}…` : text);

/** The first record of an event, as the engine packs it, that `isIt` says, with its four lines: key, sequence number,
 * data, arrival. One walk, because a batch may have ten thousand. */
function lines(event, isIt) {
  const text = ([from, end]) => decoder.decode(event.subarray(from, end));
  let from = event.indexOf(newline) + 1;
  for (let place = 0; from > 0 && from < event.length; place++) {
    const parts = [];
    for (let line = 0; line < 4; line++) {
      const end = event.indexOf(newline, from);
      parts.push([from, end < 0 ? event.length : end]);
      from = parts[line][1] + 1;
    }
    if (isIt(place, () => text(parts[1]))) return { place, fields: parts.map(text) };
  }
  return null;
}

/** The same of a batch as a module takes it. */
function fields(batch, isIt) {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const text = (from, length) => decoder.decode(batch.subarray(from, from + length));
  const count = view.getUint32(0, true);
  for (let place = 0, from = 4; place < count; place++) {
    const [key, sequence, data] = [8, 12, 16].map((offset) => view.getUint32(from + offset, true));
    const parts = from + 20;
    const named = () => text(parts + key, sequence);
    if (isIt(place, named)) {
      const bytes = batch.subarray(parts + key + sequence, parts + key + sequence + Math.min(data, PART_MAX));
      const arrival = String(Number(view.getBigUint64(from, true)) / 1000);
      return { place, fields: [text(parts, key), named(), bytes.toBase64?.() ?? base64(bytes), arrival] };
    }
    from = parts + key + sequence + data;
  }
  return null;
}

/** The records of an event that JavaScript transforms; none where somebody has typed something else. */
function recordsOf(event) {
  try {
    const { records } = JSON.parse(decoder.decode(event));
    return Array.isArray(records) ? records.filter((record) => record !== null && typeof record === "object") : [];
  } catch {
    return [];
  }
}

/** The same of a batch that JavaScript transforms. */
function transforms(event, isIt) {
  const records = recordsOf(event);
  const place = records.findIndex(({ recordId }, at) => isIt(at, () => recordId));
  if (place < 0) return null;
  const { recordId, data, approximateArrivalTimestamp: arrival, kinesisRecordMetadata: of } = records[place];
  return { place, fields: [String(of?.partitionKey ?? ""), String(recordId), String(data), String(arrival / 1000)] };
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes) {
  let out = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const bits = (a << 16) | (b << 8) | c;
    const digits = [18, 12, 6, 0].map((shift) => DIGITS[(bits >> shift) & 63]).join("");
    const left = bytes.length - at;
    out += left >= 3 ? digits : digits.slice(0, left + 1).padEnd(4, "=");
  }
  return out;
}

/** The first record that an answer names; the first of all where it names none of them. */
function example(event, head, failed = []) {
  const find = head.module ? fields : head.transform ? transforms : lines;
  const named = new Set(failed);
  const found = named.size > 0 ? find(event, (_, sequence) => named.has(sequence())) : null;
  return found ?? find(event, () => true);
}

/** The ids of the records that an answer names as failed. */
function failedIds({ failed, said }) {
  if (said === undefined) return failed;
  const line = said.split("\n").find((each) => each.endsWith("\tF"));
  return line === undefined ? [] : [line.slice(0, -2)];
}

/** Gathers rows until they are sent. */
export class Rows {
  constructor() {
    this.rows = [];
    this.told = 0;
    this.failed = 0;
    /** Rows that were not told. */
    this.more = 0;
    this.text = 0;
  }

  /** One invocation: what was asked, what came of it, what was answered to the engine. */
  add({ head, event, outcome }, answer) {
    const fails = outcome.status !== 0 || answer.kind === 1 || answer.kind === 2 || answer.verdicts?.[2] > 0;
    if (this.told >= ROWS_MAX && (!fails || this.failed >= ROWS_MAX)) {
      this.more += 1;
      return;
    }
    if (this.told >= ROWS_MAX) this.failed += 1;
    this.told += 1;
    const row = summary(head, outcome, answer);
    if (head.records > 0 && this.text < TEXT_MAX) {
      const found = example(event, head, failedIds(answer));
      if (found !== null) row.sample = { place: found.place, fields: found.fields.map(short) };
    }
    const logs = [...(outcome.init?.logs ?? []), ...outcome.logs];
    for (const { at, level, text } of logs) {
      if (this.text >= TEXT_MAX) {
        row.logs_more += 1;
        continue;
      }
      this.text += text.length;
      row.logs.push([at, level, text]);
    }
    this.text += 200 + row.reply.length + (row.sample?.fields[2].length ?? 0);
    this.rows.push(row);
  }

  /** The rows since the last call as JSON; nothing where there are none. */
  take() {
    if (this.rows.length === 0) return "";
    const text = JSON.stringify({ rows: this.rows, more: this.more });
    this.rows = [];
    return text;
  }

  /** Runs one event through code, the given one or that of a question; null where the question is another consumer's. */
  static tried(code, question, consumer, event) {
    const end = question.indexOf(newline);
    const head = JSON.parse(decoder.decode(question.subarray(0, end)));
    if (head.consumer !== consumer) return null;
    let asked = question;
    if (typeof event === "string") {
      const bytes = encoder.encode(event);
      if (head.transform) head.records = recordsOf(bytes).length;
      const first = encoder.encode(`${JSON.stringify(head)}\n`);
      asked = new Uint8Array(first.length + bytes.length);
      asked.set(first);
      asked.set(bytes, first.length);
    }
    const seen = code.handle(asked);
    const row = summary(seen.head, seen.outcome, seen.answer);
    const logs = [...(seen.outcome.init?.logs ?? []), ...seen.outcome.logs];
    row.logs = logs.slice(0, 1_000).map(({ at, level, text }) => [at, level, text]);
    row.reply = seen.outcome.reply.slice(0, 65_536);
    const found = head.module || (seen.event[0] === 123 && !head.transform) ? null : example(seen.event, head);
    if (found !== null) row.sample = { place: found.place, fields: found.fields.map(short) };
    return JSON.stringify(row);
  }
}

/** What a row says before its logs. */
function summary(head, outcome, answer) {
  const { consumer, shard, number, attempt, records, environment, cold, started, ends } = head;
  return {
    consumer, shard, number, attempt, records, environment, cold, started, ends,
    took: answer.took, init: answer.init, status: outcome.status, kind: answer.kind,
    capped: outcome.capped, memory: outcome.memory, fuel: outcome.fuel, reply: short(outcome.reply),
    verdicts: answer.verdicts, logs: [], logs_more: outcome.dropped,
  };
}
