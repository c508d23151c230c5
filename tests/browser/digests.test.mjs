// The same scenario gives the same digest natively and in the box in a browser, at any pace.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch } from "./support/browser.mjs";
import { harnessFiles, openBox } from "./support/harness.mjs";
import { serveSite } from "./support/site.mjs";

const GOLDEN = new URL("../golden/", import.meta.url);
const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const run = promisify(execFile);

const scenarios = (await readdir(GOLDEN)).sort();
assert.ok(scenarios.length >= 6, "there are golden scenarios");

let browser;
let site;
let page;
before(async () => {
  browser = await launch();
  site = await serveSite(await harnessFiles());
  page = await openBox(browser, site);
  await page.evaluate(() => next("ready"));
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const natives = new Map();
async function native(name) {
  if (!natives.has(name)) {
    const file = new URL(`${name}/scenario.json`, GOLDEN).pathname;
    const { stdout } = await run(command, ["run", file, "--json"], { maxBuffer: 64 << 20 });
    natives.set(name, JSON.parse(stdout).digest);
  }
  return natives.get(name);
}

let count = 0;
async function boxed(name, pump, credit) {
  const scenario = await readFile(new URL(`${name}/scenario.json`, GOLDEN), "utf8");
  count += 1;
  const result = await page.evaluate(
    ([id, scenario, pump, credit]) => runToEnd(id, scenario, pump, credit),
    [count, scenario, pump, credit],
  );
  assert.equal(result.type, "done", JSON.stringify(result));
  assert.ok(result.largest <= 512 * 1024, `a message has ${result.largest} bytes`);
  return JSON.parse(result.summary).digest;
}

for (const name of scenarios) {
  test(`${name}: natively and in the box`, async () => {
    const digest = await boxed(name);
    assert.ok(digest, "there is a digest");
    assert.equal(digest, await native(name));
  });
}

test("the size of a turn makes no difference", async () => {
  for (const name of scenarios.slice(0, 4)) {
    assert.equal(await boxed(name, 97, 1), await native(name), `${name}, 97 events a turn`);
    assert.equal(await boxed(name, 1_000_003, 9), await native(name), `${name}, a million events a turn`);
  }
});

test("a hidden tab makes no difference", async () => {
  // Another tab in front hides this one; the browser must say so, or the test would prove nothing.
  const session = await page.context().newCDPSession(page);
  const { windowId } = await session.send("Browser.getWindowForTarget");
  const hide = (state) => session.send("Browser.setWindowBounds", { windowId, bounds: { windowState: state } });
  const front = await page.context().newPage();
  await front.bringToFront();
  await hide("minimized");
  const hidden = await page.evaluate(() => document.visibilityState);
  const digest = await boxed(scenarios[0]);
  await hide("normal");
  await front.close();
  assert.equal(hidden, "hidden");
  assert.equal(digest, await native(scenarios[0]));
});

test("nothing complained and nothing left the site", () => page.assertClean());
