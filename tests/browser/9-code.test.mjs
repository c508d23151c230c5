// A scenario's own code in the box: the same run in every engine of the web as natively, and no way out of it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch } from "./support/browser.mjs";
import { firefox, openInFirefox } from "./support/firefox.mjs";
import { harnessFiles, openBox } from "./support/harness.mjs";
import { serveSite } from "./support/site.mjs";

const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const example = process.env.STREAMGAUGE_EXAMPLE ?? "target/site/order-totals.wasm";
const print = async (...words) => (await promisify(execFile)(command, words, { maxBuffer: 64 << 20 })).stdout;
const short = ({ consumer, invocations, fuel, witness }) => ({ consumer, invocations, fuel, witness });

let folder;
let browser;
let site;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "code-"));
  browser = await launch();
  site = await serveSite(await harnessFiles());
});
after(async () => {
  await browser?.close();
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

/// A scenario with code for its one consumer, as a file, packed, and as the box takes it.
async function prepared(name, { code, ...document }) {
  const file = join(folder, `${name}.json`);
  document.consumers[0] = { handler: "javascript", code, ...document.consumers[0] };
  await writeFile(file, JSON.stringify(document));
  return { file, packed: await print("pack", file), given: [{ consumer: 0, code }] };
}

/// What the box finds, in a page that has started one.
async function boxed(page, { packed, given }, pump) {
  const result = await page.evaluate(([packed, given, pump]) => runToEnd(1, packed, pump, 2, given), [packed, given, pump]);
  assert.equal(result.type, "done", JSON.stringify(result));
  const rows = result.rows.split("\n").filter(Boolean).flatMap((line) => JSON.parse(line).rows);
  return { digest: JSON.parse(result.summary).digest, code: JSON.parse(result.code).map(short), rows };
}

const totals = {
  name: "A hundred thousand records",
  seed: 9,
  length_s: 100,
  traffic: {
    curve: [{ kind: "constant", per_s: 1_000 }],
    arrivals: "even",
    sizes: { kind: "uniform", min_bytes: 80, max_bytes: 200 },
    payloads: [{ data: { id: "{number}", kind: "{book|film|song}", cents: "{1..5000}" } }],
  },
  stream: { shards: 4 },
  consumers: [{ batch_size: 100, responses: "items", memory_mb: 1_769, duration_from: "code" }],
  code: `const sums = new Map();
    let seen = 0;
    exports.handler = async (event) => {
      const batchItemFailures = [];
      for (const { kinesis } of event.Records) {
        const { id, kind, cents } = JSON.parse(Buffer.from(kinesis.data, "base64").toString("utf8"));
        if (cents === 13 && Math.random() < 0.5) batchItemFailures.push({ itemIdentifier: kinesis.sequenceNumber });
        sums.set(kind, (sums.get(kind) ?? 0) + Math.sin(cents) * Math.exp(id / 1e5));
        if (++seen % 5_000 === 0) console.log(seen, Object.fromEntries(sums));
      }
      return { batchItemFailures };
    };`,
};

test("a hundred thousand records go the same way natively, in Chromium, and in Firefox where it is", async (context) => {
  const scenario = await prepared("totals", structuredClone(totals));
  const found = JSON.parse(await print("run", scenario.file, "--json"));
  assert.ok(found.ledger.offered >= 99_990, `${found.ledger.offered} records`);
  const native = { digest: found.digest, code: found.handlers.map(short) };
  const page = await openBox(browser, site, { tools: true });
  await page.evaluate(() => next("ready"));
  const { rows, ...chromium } = await boxed(page, scenario);
  assert.deepEqual(chromium, native);
  assert.ok(rows.some((row) => row.logs.length > 0), "its lines are told");
  page.assertClean();
  await page.context().close();
  if (firefox === null) return context.diagnostic("Firefox is not installed here, so it was not asked.");
  const [other, close] = await openInFirefox(site.url("harness.html"));
  try {
    await other.evaluate(() => startBox(true).then(() => next("ready")));
    const { rows: _, ...found } = await boxed(other, scenario);
    assert.deepEqual(found, native);
  } finally {
    await close();
  }
});

test("no way leads out of a handler", async () => {
  const hits = [];
  const collector = createServer((request, response) => {
    hits.push(request.url);
    response.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end();
  });
  await new Promise((resolve) => collector.listen(0, "127.0.0.1", resolve));
  try {
    const attack = await readFile(new URL("support/attack.js", import.meta.url), "utf8");
    const target = `http://127.0.0.1:${collector.address().port}`;
    const scenario = await prepared("attack", {
      length_s: 20,
      traffic: { curve: [{ kind: "constant", per_s: 5 }] },
      consumers: [{ responses: "items", batch_size: 10 }],
      code: attack.replaceAll("TARGET", target),
    });
    const page = await openBox(browser, site, { tools: true });
    await page.evaluate(() => next("ready"));
    const { rows } = await boxed(page, scenario);
    assert.ok(rows.length > 5, `${rows.length} invocations`);
    for (const row of rows) {
      assert.deepEqual(row.logs.map(([, , text]) => text.trim()), ["no way out"], row.reply);
      assert.equal(row.kind, 0);
    }
    assert.deepEqual(hits, []);
    assert.equal(await page.evaluate(() => ({}).polluted), undefined);
    page.assertClean();
    await page.context().close();
  } finally {
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  }
});

/// Each hostile handler ends as its Lambda counterpart would; the run goes on, and the page stays smooth.
const HOSTILE = {
  "an endless loop": "while (true) {}",
  "parsing for ever": "const big = JSON.stringify(Array(40_000).fill(1)); for (;;) JSON.parse(big);",
  "a regular expression that never ends": 'for (;;) /^(a+)+$/.test("a".repeat(40) + "b");',
  "deep nesting": 'for (;;) JSON.parse("[".repeat(100_000));',
  "endless recursion": "const deeper = () => deeper() + 1; deeper();",
  "a memory bomb": 'const all = []; for (;;) all.push("x".repeat(1 << 20) + all.length);',
  "a log flood": 'for (;;) console.log("x".repeat(500));',
  "a promise that never settles": "await new Promise(() => {});",
  "a timer that re-arms at once": "await new Promise(() => { const again = () => setTimeout(again, 0); again(); });",
  "an endless string": 'let text = "x"; for (;;) text = text.split("").join("xx");',
  "an endless sort": "for (;;) Array.from({ length: 50_000 }, (_, i) => -i).sort((a, b) => a - b);",
  "a huge number": "let big = 3n; for (;;) big = big * big;",
};

test("hostile code ends within half a second, and the run goes on", async () => {
  const page = await openBox(browser, site, { tools: true });
  await page.evaluate(() => next("ready"));
  const slow = [];
  for (const [name, body] of Object.entries(HOSTILE)) {
    const scenario = await prepared("hostile", {
      length_s: 40,
      traffic: { curve: [{ kind: "constant", per_s: 4 }], arrivals: "even" },
      stream: { shards: 1 },
      consumers: [{ batch_size: 5, max_retries: 0, on_failure: "sqs", timeout_s: 3, duration_from: "code" }],
      code: `let calls = 0; exports.handler = async (event) => { if (++calls % 4 !== 2) return calls; ${body} };`,
    });
    const { result, worst, ms } = await page.evaluate(async ([packed, given]) => {
      let [last, worst, on] = [performance.now(), 0, true];
      const frame = (now) => {
        worst = Math.max(worst, now - last);
        last = now;
        if (on) requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      const start = performance.now();
      const result = await runToEnd(1, packed, 1, 2, given);
      on = false;
      return { result, worst, ms: performance.now() - start };
    }, [scenario.packed, scenario.given]);
    assert.equal(result.type, "done", `${name}: ${JSON.stringify(result)}`);
    const rows = result.rows.split("\n").filter(Boolean).flatMap((line) => JSON.parse(line).rows);
    const failed = rows.filter((row) => row.status !== 0);
    assert.ok(failed.length > 0 && failed.length < rows.length, `${name}: ${failed.length} of ${rows.length} failed`);
    // The fresh environment after each death starts counting again, so the good calls go on beside the bad ones.
    assert.ok(rows.at(-1).started > 20e6, `${name}: the run goes on`);
    const each = ms / failed.length;
    if (each > 500) slow.push(`${name}: ${Math.round(each)} ms`);
    console.log(`      ${name}: ${failed[0].status}, ${Math.round(each)} ms each, longest frame ${Math.round(worst)} ms`);
    assert.ok(worst < 250, `${name}: a frame took ${worst} ms`);
  }
  // A machine that is busy with something else may be slow once.
  assert.ok(slow.length <= 2, slow.join("; "));
  page.assertClean();
  await page.context().close();
});

test("an answer that names thousands of records costs no more than the batch", async () => {
  const scenario = await prepared("names", {
    length_s: 60,
    traffic: { curve: [{ kind: "constant", per_s: 1_800 }], sizes: { kind: "fixed", bytes: 20 } },
    stream: { shards: 2 },
    consumers: [{ batch_size: 10_000, batching_window_s: 10, responses: "items", max_retries: 0, on_failure: "sqs", duration_from: "code" }],
    code: `exports.handler = async ({ Records }) => ({
      batchItemFailures: Records.map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })).reverse(),
    });`,
  });
  const page = await openBox(browser, site, { tools: true });
  await page.evaluate(() => next("ready"));
  const start = performance.now();
  const { digest, code, rows } = await boxed(page, scenario);
  const each = (performance.now() - start) / rows.length;
  const found = JSON.parse(await print("run", scenario.file, "--json"));
  assert.deepEqual({ digest, code }, { digest: found.digest, code: found.handlers.map(short) });
  assert.ok(rows.some((row) => row.records > 4_000 && row.sample.place === 0), `${rows.map((row) => row.records)}`);
  console.log(`      ${Math.round(each)} ms for each invocation`);
  assert.ok(each < 500, `${each} ms for each invocation`);
  page.assertClean();
  await page.context().close();
});

test("the example that one command builds changes a run as its source says", async () => {
  const document = (share) => ({
    seed: 4,
    length_s: 60,
    traffic: {
      curve: [{ kind: "constant", per_s: 200 }],
      arrivals: "even",
      payloads: [
        { share: 1 - share, data: { id: "{number}", amount: "{1..900}" } },
        ...(share > 0 ? [{ share, data: "no order {number}" }] : []),
      ],
    },
    consumers: [{ batch_size: 50, responses: "items", max_retries: 0, on_failure: "sqs", memory_mb: 1_769 }],
  });
  const run = async (name, share) => {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify(document(share)));
    return JSON.parse(await print("run", file, "--json", "--handler", example));
  };
  const [good, bad] = [await run("good", 0), await run("bad", 0.02)];
  assert.equal(good.ledger.discarded, 0);
  // Each record that is no order was logged once, named as failed, and given up.
  const { ledger, handlers: [told] } = bad;
  assert.ok(ledger.discarded > 100, JSON.stringify(ledger));
  assert.equal(told.log.length + told.log_lines_more > 0, true);
  assert.match(told.log[0].text, /is no order/);
});
