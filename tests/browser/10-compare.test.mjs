// Designs side by side in a browser: each does what it does natively, the numbers are those of the command line, the
// page stays quick and nothing on it jumps.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { drop, launch, until, watchedPage } from "./support/browser.mjs";
import { harnessFiles, openBox } from "./support/harness.mjs";
import { serveSite } from "./support/site.mjs";
import { tasksDuring } from "./support/tasks.mjs";

const FOLDER = process.env.STREAMGAUGE_PICTURES ?? "target/pictures";
const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const run = promisify(execFile);
const print = async (...words) => (await run(command, words, { maxBuffer: 64 << 20 })).stdout;

const PRESET = "three-designs";
const desk = { viewport: { width: 1440, height: 1000 } };
const room = { viewport: { width: 1920, height: 1080 } };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
const STATES = [
  { name: "compare-start-light", query: "?theme=light", ...desk },
  { name: "compare-spike-light", query: "?theme=light&t=700", change: "compare-form-light", ...desk },
  { name: "compare-end-dark", query: "?theme=dark&t=1500", ...desk },
  { name: "compare-room-light", query: "?theme=light&present&t=700", ...room },
  { name: "compare-phone-light", query: "?theme=light&t=700", ...phone },
];

let browser;
let site;
let native;
before(async () => {
  browser = await launch();
  site = await serveSite(await harnessFiles());
  native = JSON.parse(await print("compare", PRESET, "--json"));
  await mkdir(FOLDER, { recursive: true });
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const slider = (page) => page.locator('input[type="range"]');
const numbers = (page) => page.locator(".matrix [data-p=numbers] .m");

async function reached(page, second) {
  const there = async () => Number(await slider(page).inputValue()) >= second - 1;
  await until(there, `the page shows second ${second}`, 120_000);
  await until(async () => !(await page.getByText("computing…").isVisible()), "nothing is being computed", 120_000);
}

test("every design has the digest in the box that it has natively", async () => {
  const page = await openBox(browser, site);
  await page.evaluate(() => next("ready"));
  const packed = await print("pack", PRESET);
  const result = await page.evaluate((packed) => runToEnd(1, packed), packed);
  assert.equal(result.type, "done", JSON.stringify(result));
  const { designs } = JSON.parse(result.summary);
  assert.deepEqual(designs.map(({ digest }) => digest), native.results.map(({ digest }) => digest));
  assert.deepEqual(designs.map(({ traffic }) => traffic), native.traffic_digests);
  assert.equal(new Set(native.traffic_digests).size, 1, "all have the same arrivals");
  page.assertClean();
  await page.context().close();
});

test("the preset runs, says what the command line says, and neither stalls nor jumps", async () => {
  const page = await watchedPage(browser, site, desk);
  await page.goto(site.url());
  await page.locator("#preset").selectOption({ label: "Three designs" });
  await page.getByRole("button", { name: "Run all" }).waitFor();
  assert.deepEqual(await page.locator(".matrix h2").allInnerTexts(), native.designs);
  await page.waitForTimeout(600);
  await page.keyboard.press("c");
  await page.getByRole("complementary", { name: "Scenario" }).waitFor();
  await page.keyboard.press("c");
  await page.locator(".matrix h2").first().waitFor();
  await page.waitForTimeout(300);
  const places = () => page.locator(".matrix .m").evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().top)));
  const before = await places();
  await page.getByRole("button", { name: "300×" }).click();
  const [longest] = await tasksDuring(browser, page, async () => {
    await page.getByRole("button", { name: "Run all" }).click();
    await page.getByRole("button", { name: "Run again" }).waitFor({ timeout: 180_000 });
  });
  await until(async () => (await page.locator(".matrix .best").count()) > 0, "the best is marked");
  const shown = await numbers(page).evaluateAll((rows) =>
    rows.map((row) => ({
      name: row.querySelector("strong").textContent,
      texts: [...row.querySelectorAll(".v")].map((cell) => [cell.querySelector("b").textContent, cell.querySelector("small").textContent]),
      best: [...row.querySelectorAll(".v")].flatMap((cell, place) => (cell.classList.contains("best") ? [place] : [])),
    })),
  );
  const wanted = native.measures.map(({ name, texts, best }) => ({
    name,
    texts: texts.map((text) => [text.split(" (")[0], text.split(" (")[1]?.replace(")", "") ?? ""]),
    best: best.length < texts.length ? best : [],
  }));
  assert.deepEqual(shown, wanted);
  assert.deepEqual(await page.locator(".said li").allInnerTexts(), native.sentences);
  console.log(`the longest task took ${longest.own} ms of the thread, ${longest.wall} ms in all`);
  assert.ok(longest.own <= 50, JSON.stringify(longest));
  assert.deepEqual(await places(), before, "no row has moved");
  // One slider moves all: the account of each is that of the instant.
  await slider(page).fill("60");
  await until(async () => /calm/.test(await page.locator("h1").innerText()), "the calm is in view");
  page.assertClean();
  await page.context().close();
});

test("a design is changed in its fields and run again, opened, and left", async () => {
  const page = await watchedPage(browser, site, { ...desk, reducedMotion: "reduce" });
  await page.goto(site.url(`?preset=${PRESET}`));
  await page.getByRole("button", { name: "Change" }).first().click();
  const column = page.getByRole("complementary", { name: "Design" });
  await column.locator("#f-designs-0-direct-database-write_ms").fill("0.1");
  await page.keyboard.press("Tab");
  await column.getByRole("button", { name: "Done" }).click();
  assert.equal(await column.count(), 0);
  await page.getByRole("button", { name: "Add an application" }).click();
  assert.equal(await page.locator(".matrix h2").count(), 4);
  assert.equal(await page.getByRole("button", { name: "Add an application" }).count(), 0, "four are the most");
  await page.getByRole("button", { name: "Remove" }).last().click();
  await page.locator(".matrix").getByRole("button", { name: "Open" }).click();
  await page.getByRole("complementary", { name: "Scenario" }).waitFor();
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await page.locator(".matrix h2").first().waitFor();
  assert.equal(await page.locator(".matrix h2").count(), 3);
  page.assertClean();
  await page.context().close();
});

test("delivery streams behind a stream stand below its bill, and follow the slider", async () => {
  const poller = { kind: "poller", fixed_ms: 0, per_record_ms: 0 };
  const text = JSON.stringify({
    length_s: 180,
    traffic: { curve: [{ kind: "constant", per_s: 200 }] },
    consumers: [poller],
    deliver: [{ name: "Archive", consumer: 0, firehose: { buffering: { interval_s: 60 } } }],
  });
  const file = join(FOLDER, "delivered.json");
  await writeFile(file, text);
  const [delivered] = JSON.parse(await print("run", file, "--json")).deliver;
  const page = await watchedPage(browser, site, { ...desk, reducedMotion: "reduce" });
  await page.goto(site.url());
  await drop(page, "delivered.json", text);
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
  const archive = page.getByRole("region", { name: "Archive" });
  const row = async (name) => Number((await archive.getByRole("row", { name }).first().locator(".n").innerText()).replaceAll(",", ""));
  await slider(page).fill("30");
  await reached(page, 30);
  await archive.waitFor();
  assert.equal(await row("Delivered"), 0, "nothing is delivered before the interval is over");
  await slider(page).fill("180");
  await reached(page, 180);
  assert.equal(await row("Delivered"), delivered.ledger.delivered);
  assert.equal(await row("In the buffer"), delivered.ledger.buffered);
  await archive.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(FOLDER, "deliveries-light.png") });
  page.assertClean();
  await page.context().close();
});

for (const { name, query, change, ...options } of STATES) {
  test(name, async () => {
    const page = await watchedPage(browser, site, { reducedMotion: "reduce", ...options });
    await page.goto(site.url(`${query}&preset=${PRESET}`));
    await reached(page, Number(new URLSearchParams(query).get("t") ?? 0));
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(FOLDER, `${name}.png`), fullPage: options.isMobile === true });
    if (change) {
      await page.getByRole("button", { name: "Change" }).first().click();
      await page.waitForTimeout(400);
      await page.screenshot({ path: join(FOLDER, `${change}.png`) });
    }
    page.assertClean();
    await page.context().close();
  });
}

test("a room sees at the end what tells the designs apart", async () => {
  const page = await watchedPage(browser, site, { reducedMotion: "reduce", ...room });
  await page.goto(site.url(`?present&preset=${PRESET}&t=1500`));
  const said = page.locator(".said li:visible");
  await until(async () => (await said.count()) > 0, "the sentences are there", 120_000);
  const texts = await said.allTextContents();
  assert.ok(texts.length >= 3 && texts.every((text) => native.sentences.includes(text)), texts.join(" "));
  const bottom = async (of) => {
    const { y, height } = await of.boundingBox();
    return y + height;
  };
  assert.ok((await bottom(said.last())) <= room.viewport.height, `the last ends at ${await bottom(said.last())}`);
  await page.screenshot({ path: join(FOLDER, "compare-room-end-light.png") });
  page.assertClean();
  await page.context().close();
});
