// The two workloads in the engine's WebAssembly module under Node, with all outputs on: one JSON line a run, in the
// words of the shared benchmark.
//
// node tests/bench/run.mjs <engine.wasm> [overload|day] [scale] [rounds]

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const [file, name = "overload", scaleText = "1", rounds = "1"] = process.argv.slice(2);
const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const scale = Number(scaleText);
const module = new WebAssembly.Module(readFileSync(file));
const WARM_UP_MS = 3_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const workload = (factor) => {
  const scenario = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8"));
  scenario.length_s *= factor;
  const [part] = scenario.traffic.curve;
  const phases = name === "overload" ? factor : 1;
  part.intervals = part.intervals.map(([at, gap]) => [at * phases, gap]).filter(([at]) => at < scenario.length_s);
  // The module takes what the page hands over: a scenario that has been checked.
  return execFileSync(command, ["pack", "-"], { input: JSON.stringify(scenario), encoding: "utf8" });
};

const run = (scenario) => {
  const engine = new WebAssembly.Instance(module, {}).exports;
  const bytes = (start, length) => new Uint8Array(engine.memory.buffer, start >>> 0, length >>> 0);
  const text = encoder.encode(scenario);
  const place = engine.sg_alloc(text.length);
  bytes(place, text.length).set(text);
  if (engine.sg_open(place, text.length) !== 0) {
    throw new Error(decoder.decode(bytes(engine.sg_out_ptr(), engine.sg_out_len())));
  }
  const start = performance.now();
  let frames = 0;
  // Slices of a few milliseconds, and frames taken as the page takes them.
  for (let end = 0; end === 0; ) {
    end = engine.sg_pump(200_000);
    if (end > 1) throw new Error(`the run ended with ${end}`);
    for (let taken; (taken = engine.sg_take_frames(256 * 1024)) > 0; ) frames += taken;
  }
  const wall = (performance.now() - start) / 1000;
  engine.sg_summary();
  return { wall, frames, essence: JSON.parse(decoder.decode(bytes(engine.sg_out_ptr(), engine.sg_out_len()))) };
};

// V8 compiles hot functions again between calls, in the background, and takes its time over large ones: short runs
// first, for as long as a page is open before somebody presses Run.
const nap = new Int32Array(new SharedArrayBuffer(4));
const short = workload(name === "overload" ? 0.02 : 0.0005);
for (const begun = performance.now(); performance.now() - begun < WARM_UP_MS; ) {
  run(short);
  Atomics.wait(nap, 0, 0, 2);
}
for (let round = 0; round < Number(rounds); round += 1) {
  const { wall, essence } = run(workload(scale));
  const attempts = essence["ledger.stored"] + essence["work.throttled"];
  const ended = essence["work.invocations_ended"];
  const empty = essence["work.reads"] - ended - essence["work.invocations_running"];
  const offered = essence["ledger.offered"];
  console.log(JSON.stringify({
    engine: "streamgauge-wasm", model: name === "overload" ? 1 : 2, scale, records: offered, attempts,
    rejects: essence["work.throttled"], dropped: essence["ledger.lost.all"], delivered: essence["ledger.processed"],
    batches: ended, empty_polls: empty, queued: essence["ledger.waiting"],
    hist_sum: essence["latency.offered_to_processed.checksum"], events: attempts + ended + empty,
    wall_s: wall, ns_per_rec: (wall / offered) * 1e9, digest: essence.digest,
  }));
}
