// Runs compiled modules on the page's host, in Node and in a worker of a browser: the same functions in both.

/// Puts a module on fuel with the page's own module for that: its bytes, or the sentence that refuses it.
export function prepare(meter, bytes) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(meter), {});
  const at = exports.sg_alloc(bytes.byteLength) >>> 0;
  new Uint8Array(exports.memory.buffer).set(new Uint8Array(bytes), at);
  const refused = exports.sg_prepare() !== 0;
  const from = exports.sg_out_ptr() >>> 0;
  const output = new Uint8Array(exports.memory.buffer).slice(from, from + exports.sg_out_len());
  return refused ? { sentence: new TextDecoder().decode(output) } : { module: output };
}

/// The batch of an event, as the interface lays it out.
export function batchOf(event) {
  const parts = [];
  const word = (value) => parts.push(new Uint8Array(new Uint32Array([value]).buffer));
  word(event.Records.length);
  for (const { kinesis } of event.Records) {
    const arrival = BigInt(Math.round(kinesis.approximateArrivalTimestamp * 1000));
    parts.push(new Uint8Array(new BigUint64Array([arrival]).buffer));
    const texts = [kinesis.partitionKey, kinesis.sequenceNumber].map((text) => new TextEncoder().encode(text));
    texts.push(Uint8Array.from(atob(kinesis.data), (letter) => letter.charCodeAt(0)));
    for (const text of texts) word(text.length);
    parts.push(...texts);
  }
  const batch = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    batch.set(part, at);
    at += part.length;
  }
  return batch;
}

/// What the command line prints for the same module and the same event, invoked so many times.
export function runModule(host, meter, bytes, event, times) {
  const environment = new host.ModuleEngine(prepare(meter, bytes).module, host.limits).environment(128);
  const batch = batchOf(event);
  const names = ["Succeeded", "Failed", "TimedOut", "OutOfMemory", "Exited", "Crashed"];
  return Array.from({ length: times }, (_, turn) => {
    const outcome = environment.invoke(batch, {
      now: { ms: 1700000000000, ns: 0 },
      timeout: 3000,
      seed: [5, 6, 7, turn],
      request: `00000000-0000-4000-8000-${String(turn).padStart(12, "0")}`,
    });
    return {
      status: names[outcome.status],
      reply: JSON.parse(outcome.reply),
      capped: outcome.capped,
      fuel: outcome.fuel,
      duration_ns: outcome.duration,
      memory_bytes: outcome.memory,
      logs: outcome.logs.map(({ at, level, text }) => ({ at_ns: at, level, text })),
      lines_dropped: outcome.dropped,
      init: null,
      environment_ended: outcome.dead,
    };
  });
}

/// Records in batches of 100 through a module; records a second.
export function measureModule(host, meter, bytes, event, batches) {
  const environment = new host.ModuleEngine(prepare(meter, bytes).module, host.limits).environment(1769);
  const batch = batchOf(event);
  const how = { now: { ms: 0, ns: 0 }, timeout: 60000, seed: [1, 2, 3, 4], request: "r" };
  let start = 0;
  let outcome;
  for (let turn = -batches / 4; turn < batches; turn++) {
    if (turn === 0) start = performance.now();
    outcome = environment.invoke(batch, how);
  }
  const count = batches * event.Records.length;
  return { status: outcome.status, fuel: outcome.fuel, perSecond: count / ((performance.now() - start) / 1000) };
}
