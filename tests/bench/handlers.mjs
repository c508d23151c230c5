// Records a second through handlers in batches of 100, on fuel and without: `cargo xtask test site`, then
// `cargo xtask example`, then `node tests/bench/handlers.mjs`. Processor time of the fastest of some rounds, so that
// other work on the machine matters less.

import { readFileSync } from "node:fs";
import vm from "node:vm";
import { batchOf, prepare } from "../browser/support/modules.mjs";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root));
const index = read("dist/index.html").toString();
const named = (what) => index.match(new RegExp(`data-${what}="([^"]+)"`))[1];
const site = (what) => read(`dist/${named(what)}`);

/// The host, for a module without counters: it gets some that nobody takes from.
const { Instance } = WebAssembly;
WebAssembly.Instance = class {
  constructor(module, imports) {
    const { exports } = new Instance(module, imports);
    const counters = { streamgauge_fuel: { value: 0 }, streamgauge_depth: { value: 0 } };
    this.exports = exports.streamgauge_fuel ? exports : { ...exports, ...counters };
  }
};
const host = vm.runInThisContext(`${site("handlers")};streamgaugeHandlers`);

const code = `const sums = new Map();
  exports.handler = async (event) => {
    for (const record of event.Records) {
      const { kind, amount } = JSON.parse(Buffer.from(record.kinesis.data, "base64").toString("utf8"));
      sums.set(kind, (sums.get(kind) ?? 0) + amount);
    }
    return { batchItemFailures: [] };
  };`;
const event = {
  Records: Array.from({ length: 100 }, (_, i) => ({
    kinesis: {
      partitionKey: `user-${i % 7}`,
      sequenceNumber: `49590338271490256608559692538361571095921575989136588${100 + i}`,
      data: btoa(JSON.stringify({ id: i, user: `user-${i}`, kind: i % 3 ? "click" : "view", amount: i * 1.5 })),
      approximateArrivalTimestamp: 1700000000.5,
    },
  })),
};
const lines = ['K{"shard":"shardId-000000000000","region":"us-east-1","role":"r","arn":"a","more":{}}'];
for (const { kinesis } of event.Records) {
  lines.push(kinesis.partitionKey, kinesis.sequenceNumber, kinesis.data, String(kinesis.approximateArrivalTimestamp));
}
const packed = new TextEncoder().encode(lines.join("\n"));
const batch = batchOf(event);
const how = { now: { ms: 0, ns: 0 }, timeout: 60000, seed: [1, 2, 3, 4], request: "r", context: "{}" };

function rate(environment, input, batches) {
  let best = 0;
  for (let round = 0; round < 12; round++) {
    const before = process.cpuUsage().user;
    for (let turn = 0; turn < batches; turn++) {
      const { status, reply } = environment.invoke(input, how);
      if (status !== 0) throw new Error(reply);
    }
    best = Math.max(best, (batches * 100) / ((process.cpuUsage().user - before) / 1e6));
  }
  return `${(best / 1000).toFixed(0).padStart(6)} thousand records/s`;
}

const javascript = (module) => host.create(module).environment({
  code, memory: 1769, env: "{}", node: 22, seed: [1, 2, 3, 4], now: { ms: 0, ns: 0 },
});
const compiled = (module) => new host.ModuleEngine(module, host.limits).environment(1769);
const example = read("target/site/order-totals.wasm");
console.log("JavaScript, without fuel ", rate(javascript(read("node_modules/quickjs-wasi/inlined.wasm")), packed, 200));
console.log("JavaScript, on fuel      ", rate(javascript(site("quickjs")), packed, 200));
console.log("a module, without fuel   ", rate(compiled(example), batch, 4000));
console.log("a module, on fuel        ", rate(compiled(prepare(site("meter"), example).module), batch, 4000));
