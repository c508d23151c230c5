// A handler is the same here and elsewhere: each sample runs unchanged under Node on its recorded event, and the command
// line gives the same reply for the same two files. No browser takes part.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const SAMPLES = "www/handlers/samples";
const NODE = resolve("tests/handlers/node.mjs");
const LINE = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const { samples } = JSON.parse(await readFile(`${SAMPLES}/index.json`, "utf8"));
const expected = JSON.parse(await readFile("tests/handlers/samples.json", "utf8"));

let folder;
before(async () => {
  // Outside of the project, so that no package.json says what a file is.
  folder = await mkdtemp(join(tmpdir(), "handler-"));
});
after(() => rm(folder, { recursive: true }));

const inNode = async (file, event) => JSON.parse((await run("node", [NODE, file, event])).stdout);

async function onTheCommandLine(file, event) {
  const [, { status, reply, logs }] = JSON.parse((await run(LINE, ["handle", file, "--event", event])).stdout);
  if (status !== "Succeeded") return { error: reply.errorType };
  return { reply, logs: logs.map(({ level, text }) => [level, text]) };
}

for (const { file, event } of samples) {
  test(`${file} answers alike under Node and here`, async () => {
    const copy = join(folder, `index${extname(file)}`);
    await copyFile(join(SAMPLES, file), copy);
    const recorded = join(SAMPLES, "events", `${event}.json`);
    assert.deepEqual(await inNode(copy, recorded), expected[file]);
    assert.deepEqual(await onTheCommandLine(copy, recorded), expected[file]);
  });
}

test("a handler that was written under Node runs here unchanged", async () => {
  // What Node's own authors like: destructuring, generators, private fields, spread, regular expressions with names.
  const code = `
const PATTERN = /^(?<street>[^,]+), (?<town>.+)$/u;
class Tally {
  #counts = new Map();
  add(town) { this.#counts.set(town, (this.#counts.get(town) ?? 0) + 1); }
  *[Symbol.iterator]() { yield* [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)); }
}
module.exports.handler = async ({ Records: records, ...rest }, context) => {
  const tally = new Tally();
  const waits = records.map(async ({ kinesis: { data } }, index) => {
    await new Promise((resolve) => setTimeout(resolve, 5 * (records.length - index)));
    const { groups } = PATTERN.exec(Buffer.from(data, "base64").toString()) ?? { groups: { town: "?" } };
    tally.add(groups.town);
    return index;
  });
  const done = await Promise.all(waits);
  console.log("%d of %s", done.length, context.awsRequestId === undefined ? "nothing" : "a request");
  console.warn({ rest });
  return { towns: Object.fromEntries(tally), batchItemFailures: [] };
};
`;
  const file = join(folder, "index.js");
  const event = join(folder, "recorded.json");
  const record = (text, at) => ({ kinesis: { data: Buffer.from(text).toString("base64"), sequenceNumber: String(at) } });
  const texts = ["Elm Street, Springwood", "Rue Cler, Paris", "nowhere", "Quai d\u2019Orsay, Paris"];
  await writeFile(file, code);
  await writeFile(event, JSON.stringify({ Records: texts.map(record) }));
  const found = await inNode(file, event);
  assert.deepEqual(found.reply.towns, { "?": 1, Paris: 2, Springwood: 1 });
  assert.deepEqual(await onTheCommandLine(file, event), found);
});

test("a transform behind a data stream answers alike under Node and here", async () => {
  // With a stream as the source each record says where it stood; partitions of the destination go into the reply.
  const code = `
exports.handler = async ({ sourceKinesisStreamArn: source, records }) => ({
  records: records.map(({ recordId, data, kinesisRecordMetadata: { shardId, partitionKey } }) => {
    const text = Buffer.from(data, "base64").toString();
    if (!text.startsWith("{")) return { recordId, result: "ProcessingFailed", data };
    const line = [source.split("/").pop(), shardId, JSON.parse(text).id].join(",");
    const metadata = { partitionKeys: { user: partitionKey } };
    return { recordId, result: "Ok", data: Buffer.from(line).toString("base64"), metadata };
  }),
});
`;
  const file = join(folder, "transform.js");
  const event = "tests/handlers/transform-events.json";
  await writeFile(file, code);
  const found = await inNode(file, event);
  const [taken, failed] = found.reply.records;
  assert.equal(Buffer.from(taken.data, "base64").toString(), "orders,shardId-000000000000,A-1070");
  assert.deepEqual(taken.metadata, { partitionKeys: { user: "user-17" } });
  assert.deepEqual([taken.result, failed.result], ["Ok", "ProcessingFailed"]);
  assert.deepEqual(await onTheCommandLine(file, event), found);
});
