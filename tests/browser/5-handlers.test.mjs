// Handlers end the same on the native host, on the page's host in Node, and on it in a worker of a browser: results,
// logs, fuel, memory and time, for friendly and for hostile code.

import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import vm from "node:vm";
import { launch, watchedPage } from "./support/browser.mjs";
import { measure, runCases } from "./support/handlers.mjs";
import { serveSite, siteFile } from "./support/site.mjs";

const FOLDER = new URL("../handlers/", import.meta.url);
/// Longest time that any script may take, loading and all invocations together, in a browser that runs nothing else.
const MS_MAX = 2_000;

const index = await siteFile("index.html", "utf8");
const named = (what) => index.match(new RegExp(`data-${what}="([^"]+)"`))[1];
const script = await siteFile(named("handlers"), "utf8");
const module = await siteFile(named("quickjs"));

const events = JSON.parse(await readFile(new URL("events.json", FOLDER), "utf8"));
const cases = [];
for (const file of (await readdir(FOLDER)).filter((name) => name.endsWith(".js")).sort()) {
  const code = await readFile(new URL(file, FOLDER), "utf8");
  const [first] = code.split("\n", 1);
  const settings = first.startsWith("// {") ? JSON.parse(first.slice(3)) : {};
  const event = settings.pad ? `{"pad":"${"x".repeat(settings.pad)}"}` : events[settings.records ?? 2];
  const name = file.slice(0, -3);
  const expected = JSON.parse(await readFile(new URL(`expected/${name}.json`, FOLDER), "utf8"));
  cases.push({ name, code, settings, event, expected });
}
assert.ok(cases.length > 50, "there are scripts");

function compare(found) {
  assert.equal(found.length, cases.length);
  for (const [at, { name, outcomes, ms }] of found.entries()) {
    assert.deepEqual(outcomes, cases[at].expected, name);
    assert.ok(ms < MS_MAX, `${name} took ${ms} ms`);
  }
}

let browser;
let site;
before(async () => {
  browser = await launch();
  const worker = `${script}
    ${runCases}
    ${measure}
    onmessage = async ({ data }) => {
      const module = await (await fetch(data.module)).arrayBuffer();
      const work = data.cases ? () => runCases(streamgaugeHandlers, module, data.cases)
        : () => measure(streamgaugeHandlers, module, data.batches);
      postMessage(work());
    };`;
  const page = `<!doctype html><title>Handlers</title><link rel="icon" href="data:,">`;
  site = await serveSite({ "handlers.html": page, "worker.js": worker });
});
after(async () => {
  await browser?.close();
  await site?.close();
});

/// Asks a fresh worker for something.
async function ask(question) {
  const page = await watchedPage(browser, site);
  await page.goto(site.url("handlers.html"));
  const answer = await page.evaluate(
    (question) => new Promise((resolve, reject) => {
      const worker = new Worker("worker.js");
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(question);
    }),
    { module: named("quickjs"), ...question },
  );
  page.assertClean();
  await page.close();
  return answer;
}

test("in Node, handlers end as on the native host", () => {
  const host = vm.runInThisContext(`${script};streamgaugeHandlers`);
  compare(runCases(host, module, cases));
});

test("in a worker of a browser, handlers end as on the native host", async () => {
  compare(await ask({ cases }));
});

test("handlers are fast in a browser", async () => {
  const { status, fuel, perSecond } = await ask({ batches: 2_000 });
  console.log(`      ${Math.round(perSecond / 1000)} thousand records/s in batches of 100, ${fuel / 100} fuel each`);
  assert.equal(status, 0);
  // A machine that is busy with something else must not fail here: an order of magnitude is asked for.
  assert.ok(perSecond > 10_000, `${perSecond} records/s`);
});
