// The published schema, judged by a schema validator: every preset and golden scenario follows it, every bad sample
// does not. That `check` agrees with it on the same samples is a native test.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { before, test } from "node:test";
import { promisify } from "node:util";
import Ajv2020 from "ajv/dist/2020.js";

const GOLDEN = new URL("../golden/", import.meta.url);
const BAD = new URL("../schema/bad.json", import.meta.url);
const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const run = promisify(execFile);

async function streamgauge(...words) {
  const { stdout } = await run(command, words, { maxBuffer: 64 << 20 });
  return stdout;
}

let validate;
before(async () => {
  const schema = JSON.parse(await streamgauge("schema"));
  // Strict mode also refuses keywords that the draft does not know.
  validate = new Ajv2020({ strict: true, strictTuples: false, allowUnionTypes: true }).compile(schema);
});

const follows = (name, document) => assert.ok(validate(document), `${name}: ${JSON.stringify(validate.errors)}`);

test("golden scenarios follow the schema", async () => {
  const names = await readdir(GOLDEN);
  assert.ok(names.length >= 6);
  for (const name of names) {
    follows(name, JSON.parse(await readFile(new URL(`${name}/scenario.json`, GOLDEN), "utf8")));
  }
});

test("presets follow the schema", async () => {
  const ids = (await streamgauge("presets")).match(/^[a-z0-9-]+/gm);
  assert.ok(ids.length >= 6, String(ids));
  for (const id of ids) {
    follows(id, JSON.parse(await streamgauge("presets", id)));
  }
});

test("every bad sample is refused", async () => {
  const samples = JSON.parse(await readFile(BAD, "utf8"));
  for (const [path, value] of samples) {
    const document = { traffic: { curve: [{ kind: "constant", per_s: 50 }] } };
    follows("the sample before it is spoilt", document);
    const keys = path.split(".");
    const last = keys.pop();
    const parent = keys.reduce((place, key) => (place[key] ??= {}), document);
    parent[last] = value;
    assert.ok(!validate(document), `the schema allows ${path} = ${JSON.stringify(value)}`);
  }
});
