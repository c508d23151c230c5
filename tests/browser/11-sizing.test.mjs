// Finding a size on the page: the same design as the command line finds, taken over into the document.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, watchedPage } from "./support/browser.mjs";
import { serveSite } from "./support/site.mjs";

let browser;
let site;
before(async () => {
  browser = await launch();
  site = await serveSite();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

const SCENARIO = {
  length_s: 120,
  traffic: { curve: [{ kind: "spike", base_per_s: 40, factor: 100, start_s: 20, rise_s: 5, hold_s: 30, fall_s: 5 }] },
  producer: { retry: { kind: "again", max_attempts: 100 } },
  stream: { shards: 2 },
  consumers: [{ per_record_ms: 1 }],
};
const RANGES = ["stream.mode=provisioned", "stream.shards=1,2,3,4,5,6,7,8", "consumers.0.batch_size=50,100", "consumers.0.parallelization_factor=1,2"];

const dialog = (page) => page.getByRole("dialog", { name: "Find a size" });
const button = (place, name) => place.getByRole("button", { name, exact: true });

async function picture(page, name) {
  const folder = process.env.STREAMGAUGE_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/sizing-${name}.png` });
}

async function open(options = {}) {
  const page = await watchedPage(browser, site, options);
  await page.goto(site.url(""));
  await page.getByRole("heading", { level: 1 }).waitFor();
  const folder = await mkdtemp(join(tmpdir(), "streamgauge-"));
  const file = join(folder, "sized.json");
  await writeFile(file, JSON.stringify(SCENARIO));
  await page.locator("input[type=file]").first().setInputFiles(file);
  await page.getByRole("heading", { level: 1 }).filter({ hasText: "4,000" }).waitFor();
  return { page, file };
}

/// Asks for a size with the ranges of this test.
async function fill(page) {
  await page.keyboard.press("z");
  await dialog(page).getByLabel("stream.shards").waitFor();
  for (const range of RANGES) {
    const [path, values] = range.split("=");
    await dialog(page).getByLabel(path).fill(values);
  }
  await dialog(page).getByLabel("99 % done within").fill("5");
}

test("the page finds what the command line finds, and takes it over", async () => {
  const { page, file } = await open();
  await fill(page);
  await button(dialog(page), "Search").click();
  const best = dialog(page).locator("tr.best");
  await best.waitFor({ timeout: 120_000 });
  await picture(page, "light");
  const words = ["size", file, "--json", "--goal", "lag=5s,lost=0", ...RANGES.flatMap((range) => ["--vary", range])];
  const found = JSON.parse(execFileSync(process.env.STREAMGAUGE_COMMAND, words, { encoding: "utf8" }));
  assert.equal(await best.getAttribute("data-digest"), found.cheapest.digest);
  const digests = await dialog(page).locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.dataset.digest));
  assert.deepEqual(digests, found.frontier.map((design) => design.digest));
  assert.match(await dialog(page).textContent(), new RegExp(`${found.run} of ${found.designs} designs`));
  const point = dialog(page).locator("g.point.best");
  await point.focus();
  assert.match(await point.getAttribute("aria-label"), /stream\.shards \d/);
  await best.getByRole("button", { name: "Take this over" }).click();
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Shards", { exact: true }).inputValue(), String(found.cheapest.values["stream.shards"]));
  assert.equal(await page.locator("iframe").count(), 1, "no box is left but the engine's");
  page.assertClean();
  await page.context().close();
});

test("problems are told at their paths, and a search can be cancelled", async () => {
  const { page } = await open();
  await fill(page);
  await dialog(page).getByLabel("stream.shards").fill("8..1");
  await button(dialog(page), "Search").click();
  await dialog(page).getByText("stream.shards: 8..1 goes down").waitFor();
  await dialog(page).getByLabel("stream.shards").fill("1..400+1");
  await button(dialog(page), "Search").click();
  await dialog(page).getByText(/designs run, /).waitFor({ timeout: 60_000 });
  await button(dialog(page), "Cancel").click();
  await dialog(page).getByText("Cancelled.").waitFor();
  assert.equal(await page.locator("iframe").count(), 1);
  await button(dialog(page), "Close").click();
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Shards", { exact: true }).inputValue(), "2");
  page.assertClean();
  await page.context().close();
});

for (const [name, options] of [
  ["dark", { colorScheme: "dark" }],
  ["room", { viewport: { width: 1920, height: 1080 } }],
  ["phone", { viewport: { width: 390, height: 844 } }],
]) {
  test(`it can be read: ${name}`, { skip: !process.env.STREAMGAUGE_PICTURES }, async () => {
    const { page } = await open(options);
    if (name === "room") await page.getByRole("button", { name: "Present" }).click();
    await fill(page);
    await button(dialog(page), "Search").click();
    await dialog(page).locator("tr.best").waitFor({ timeout: 120_000 });
    await picture(page, name);
    await page.context().close();
  });
}
