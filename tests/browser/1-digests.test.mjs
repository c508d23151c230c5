// The same scenario gives the same digest natively and in the box in a browser, at any pace.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { launch } from "./support/browser.mjs";
import { harnessFiles, openBox } from "./support/harness.mjs";
import { inHiddenTab } from "./support/hidden.mjs";
import { serveSite } from "./support/site.mjs";

const GOLDEN = new URL("../golden/", import.meta.url);
const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const run = promisify(execFile);

const print = async (...words) => (await run(command, words, { maxBuffer: 64 << 20 })).stdout;

// The ids of presets stand at the beginning of lines; everything else that is printed is indented or has spaces.
const presets = (await print("presets")).split("\n").filter((line) => /^[\w-]+$/.test(line));
const golden = (await readdir(GOLDEN)).sort();
assert.ok(golden.length >= 6 && presets.length >= 6, "there are golden scenarios and presets");

/// Every scenario: how it is called, and what names it on the command line.
const scenarios = [
  ...golden.map((name) => {
    const file = fileURLToPath(new URL(`${name}/scenario.json`, GOLDEN));
    return { title: name, named: file };
  }),
  ...presets.map((id) => ({ title: `preset ${id}`, named: id })),
];

let browser;
let site;
let page;
/// A box with what runs the code of consumers.
let equipped;
before(async () => {
  browser = await launch();
  site = await serveSite(await harnessFiles());
  page = await openBox(browser, site);
  await page.evaluate(() => next("ready"));
  equipped = await openBox(browser, site, { tools: true });
  await equipped.evaluate(() => next("ready"));
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/// The digest that the command line finds, once for each scenario, and what came of its code.
async function native(scenario) {
  if (scenario.found === undefined) {
    const { digest, firehose = [], handlers: own = [] } = JSON.parse(await print("run", scenario.named, "--json"));
    assert.ok(digest, "there is a digest");
    // The code of other designs runs where they are compared.
    const handlers = own.length === 0 ? [] : JSON.parse(await print("compare", scenario.named, "--json")).handlers;
    const numbers = new Map(handlers.length > 0 ? (await functions(scenario)).map(({ path, consumer }) => [path, consumer]) : []);
    const code = handlers.map(({ consumer, function: path, invocations, fuel, witness }) => {
      return { consumer: consumer ?? numbers.get(path), invocations, fuel, witness };
    });
    scenario.found = { digest, firehose: firehose.map((run) => run.digest).sort(), code };
  }
  return scenario.found;
}

/// The functions of a scenario: the path of each, the number by which the box knows it, and what decides for it.
async function functions(scenario) {
  const document = JSON.parse(await readFile(scenario.named, "utf8"));
  const found = [];
  let streams = 0;
  const stream = (prefix, { consumers = [], deliver = [], then = [] }) => {
    const number = streams;
    streams += 1;
    const [first, second] = number === 0 ? [0, 1_000] : [(2 * number + 1) * 1_000, (2 * number + 2) * 1_000];
    consumers.forEach((of, at) => found.push({ path: `${prefix}consumers.${at}`, consumer: first + at, of }));
    deliver.forEach(({ firehose }, at) => {
      found.push({ path: `${prefix}deliver.${at}.firehose.transform`, consumer: second + at, of: firehose?.transform ?? {} });
    });
    then.forEach((behind, at) => stream(`${prefix}then.${at}.`, behind));
  };
  stream("", document);
  for (const [at, design] of (document.designs ?? []).entries()) {
    if ((design.kind ?? "stream") === "stream") stream(`designs.${at}.`, design);
    const of = design.firehose?.transform;
    if (of) found.push({ path: `designs.${at}.firehose.transform`, consumer: 2_000 + at, of });
  }
  return found.sort((one, other) => one.consumer - other.consumer);
}

/// What the functions of a scenario run, as the box takes it.
async function codeOf(scenario) {
  if (!scenario.named.endsWith(".json")) return undefined;
  const code = (await functions(scenario)).flatMap(({ consumer, of: { handler, code, module } }) => {
    if (handler === "javascript") return [{ consumer, code }];
    return handler === "module" ? [{ consumer, module }] : [];
  });
  return code.length > 0 ? code : undefined;
}

let count = 0;
/// The digest that the box finds.
async function boxed(scenario, pump, credit) {
  count += 1;
  const code = await codeOf(scenario);
  const result = await (code ? equipped : page).evaluate(
    ([id, text, pump, credit, code]) => {
      const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const given = code?.map(({ module, ...one }) => (module ? { ...one, module: bytes(module) } : one));
      return runToEnd(id, text, pump, credit, given);
    },
    [count, await print("pack", scenario.named), pump, credit, code],
  );
  assert.equal(result.type, "done", JSON.stringify(result));
  assert.ok(result.largest <= 512 * 1024, `a message has ${result.largest} bytes`);
  const reports = result.code ? JSON.parse(result.code) : [];
  const seen = reports.map(({ consumer, invocations, fuel, witness }) => ({ consumer, invocations, fuel, witness }));
  const { digest, designs = [] } = JSON.parse(result.summary);
  // Of the designs beside the first those that the command line runs, too: delivery streams.
  const known = new Set((await native(scenario)).firehose);
  const firehose = designs.slice(1).map((run) => run.digest).filter((digest) => known.has(digest)).sort();
  return { digest, firehose, code: seen };
}

for (const scenario of scenarios) {
  test(`${scenario.title}: natively and in the box`, async () => {
    assert.deepEqual(await boxed(scenario), await native(scenario));
  });
}

test("the size of a turn makes no difference", async () => {
  const some = scenarios.filter(({ title }, at) => at < 4 || title.startsWith("code-"));
  assert.ok(some.length >= 6, "some with code are among them");
  for (const scenario of some) {
    assert.deepEqual(await boxed(scenario, 97, 1), await native(scenario), `${scenario.title}, 97 events a turn`);
    assert.deepEqual(await boxed(scenario, 1_000_003, 9), await native(scenario), `${scenario.title}, a million a turn`);
  }
});

test("a hidden tab makes no difference", async () => {
  const [scenario] = scenarios;
  const { before, result, after } = await inHiddenTab(
    site.url("harness.html"),
    "startBox().then(() => next('ready'))",
    `runToEnd(1, ${JSON.stringify(await print("pack", scenario.named))})`,
  );
  // Otherwise the test would prove nothing.
  assert.deepEqual([before, after], ["hidden", "hidden"]);
  assert.equal(result.type, "done", JSON.stringify(result));
  assert.equal(JSON.parse(result.summary).digest, (await native(scenario)).digest);
});

test("nothing complained and nothing left the site", () => {
  page.assertClean();
  equipped.assertClean();
});
