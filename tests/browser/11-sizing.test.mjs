// Finding a size on the page: the same design as the command line finds, taken over into the document.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";

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

async function open({ query = "", ...options } = {}, scenario = SCENARIO) {
  const page = await watchedPage(browser, site, options);
  await page.goto(site.url(query));
  await page.getByRole("heading", { level: 1 }).waitFor();
  const folder = await mkdtemp(join(tmpdir(), "streamgauge-"));
  const file = join(folder, "sized.json");
  await writeFile(file, JSON.stringify(scenario));
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
  await dialog(page).getByLabel("99 % done within").fill("5 s");
}

/// Presses the button of the search and waits until it is over.
async function search(page) {
  await button(dialog(page), "Search").click();
  await dialog(page).locator("tr.best").waitFor({ timeout: 120_000 });
}

test("the page finds what the command line finds, and takes it over", async () => {
  const { page, file } = await open();
  await fill(page);
  assert.equal(await page.locator("iframe").count(), 2, "one box beside the engine's looks at what is asked");
  assert.equal(await dialog(page).locator("g.point").count(), 0, "nothing runs before the button is pressed");
  await search(page);
  await picture(page, "light");
  // What is saved is what the command line prints, to the last digit; only the links are its own.
  const [saved] = await Promise.all([page.waitForEvent("download"), button(dialog(page), "Save the result").click()]);
  const result = JSON.parse(await readFile(await saved.path(), "utf8"));
  const words = ["size", file, "--json", "--goal", "lag=5s,lost=0", ...RANGES.flatMap((range) => ["--vary", range])];
  const found = JSON.parse(execFileSync(process.env.STREAMGAUGE_COMMAND, words, { encoding: "utf8" }));
  for (const of of [result, found]) {
    for (const design of [of.cheapest, ...of.frontier]) delete design.link;
  }
  assert.deepEqual(result, found);
  assert.ok(found.frontier.length > 2, `${found.frontier.length} on the frontier`);
  const { values, digest, month_usd: cost } = found.cheapest;
  const shown = await dialog(page).locator("tr[data-digest]").evaluateAll((rows) => rows.map((row) => row.dataset.digest));
  assert.deepEqual(shown, found.frontier.map((design) => design.digest));
  assert.equal(await dialog(page).locator("tr.best").getAttribute("data-digest"), digest);
  assert.match(await dialog(page).getByRole("heading", { level: 2 }).textContent(), new RegExp(`shards do it for \\$${cost.toFixed(2)} in`));
  // The keyboard goes from point to point, by cost, and the line below says which it is.
  const best = dialog(page).locator("g.point.best");
  await best.focus();
  await page.keyboard.press("ArrowRight");
  const next = await page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  assert.match(next, /BatchSize \d+.*\$[\d.]+ in 30 days, 99 % done within/);
  assert.ok((await dialog(page).locator("p.seen").textContent()).startsWith(next.split(": $")[0]));
  await button(dialog(page), "Take this over").click();
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Shards", { exact: true }).inputValue(), String(values["stream.shards"]));
  assert.equal(await page.locator("iframe").count(), 1, "no box is left but the engine's");
  // And it can be run: the button has the focus, and the run is the one that was found.
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Run");
  await page.getByRole("button", { name: "max" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("button", { name: "Run again" }).waitFor({ timeout: 60_000 });
  assert.match(await page.getByRole("heading", { level: 1 }).textContent(), new RegExp("lost nothing|lose nothing|nothing lost", "i"));
  page.assertClean();
  await page.context().close();
});

test("problems are told at their fields, and a search can be cancelled", async () => {
  const { page } = await open();
  await fill(page);
  const shards = dialog(page).getByLabel("stream.shards");
  await shards.fill("8..1");
  await dialog(page).getByLabel("30 days at most").fill("cheap");
  await button(dialog(page), "Search").click();
  await dialog(page).getByText("8..1 goes down; write 1..8").waitFor();
  await dialog(page).getByText("\"cheap\" does not stand here; write dollars").waitFor();
  assert.equal(await shards.getAttribute("aria-invalid"), "true");
  assert.equal(await page.evaluate(() => document.activeElement.value), "8..1", "the first of them has the focus");
  for (const label of ["stream.shards", "stream.mode", "batch_size", "parallelization_factor"]) {
    await dialog(page).getByLabel(label).fill("");
  }
  await dialog(page).getByLabel("30 days at most").fill("");
  await dialog(page).getByText("Nothing is varied").waitFor();
  // Any other field can be varied as well.
  await dialog(page).getByLabel("Vary another field").selectOption({ label: "Producer: Attempts" });
  await dialog(page).getByLabel("producer.retry.max_attempts").fill("50,100");
  await shards.fill("1..400+1");
  // No design is as quick as that, so that all of them would be run.
  await dialog(page).getByLabel("99 % done within").fill("1 ms");
  await button(dialog(page), "Search").click();
  await dialog(page).getByText(/[1-9]\d* of at most 800 designs run/).waitFor({ timeout: 60_000 });
  await button(dialog(page), "Cancel").click();
  await dialog(page).getByText(/^Cancelled\. \d+ of 800 designs were run/).waitFor();
  await button(dialog(page), "Close").click();
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await page.locator("iframe").count(), 1);
  assert.equal(await page.getByLabel("Shards", { exact: true }).inputValue(), "2");
  page.assertClean();
  await page.context().close();
});

test("what cannot be sized says so, and what to do", async () => {
  const code = "exports.handler = async () => {}";
  const { page } = await open({}, { ...SCENARIO, consumers: [{ handler: "javascript", code }] });
  await page.keyboard.press("z");
  await dialog(page).getByRole("heading", { name: "This scenario cannot be sized here." }).waitFor();
  await dialog(page).getByText("choose the model as its handler").first().waitFor();
  await button(dialog(page), "Search").click();
  assert.equal(await dialog(page).locator("g.point").count(), 0);
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  assert.equal(await page.locator("iframe").count(), 1);
  // A goal that no design reaches.
  await page.getByLabel("Scenario").first().selectOption("with-enough-shards");
  await page.keyboard.press("z");
  await dialog(page).getByLabel("stream.shards").fill("12,14");
  for (const label of ["stream.mode", "batch_size", "parallelization_factor"]) await dialog(page).getByLabel(label).fill("");
  await dialog(page).getByLabel("99 % done within").fill("1 ms");
  await button(dialog(page), "Search").click();
  await dialog(page).getByRole("heading", { name: "None of 2 designs meets the goal." }).waitFor({ timeout: 120_000 });
  await dialog(page).getByText(/The quickest is .*Allow more time/).waitFor();
  assert.equal(await button(dialog(page), "Take this over").first().isVisible(), false);
  await picture(page, "unmet");
  await page.keyboard.press("Escape");
  // The button has room beside the others at any width.
  for (const width of [390, 780, 1000, 1180, 1440]) {
    await page.setViewportSize({ width, height: 844 });
    const [wide, preset] = await page.locator("header.top").evaluate((top) => [top.scrollWidth - top.clientWidth, top.querySelector(".preset").clientWidth]);
    assert.ok(wide <= 1 && preset > 90, `${width}: ${wide} beyond, ${preset} for the scenario`);
  }
  page.assertClean();
  await page.context().close();
});

for (const [name, options] of [
  ["dark", { colorScheme: "dark" }],
  ["room", { viewport: { width: 1920, height: 1080 }, query: "?present" }],
  ["phone", { viewport: { width: 390, height: 844 }, hasTouch: true }],
]) {
  test(`it can be read: ${name}`, { skip: !process.env.STREAMGAUGE_PICTURES }, async () => {
    const { page } = await open(options);
    if (name === "phone") {
      await button(page, "Scenario").click();
      await page.locator("#scenario").getByRole("button", { name: "Size" }).click();
      await dialog(page).getByLabel("stream.shards").waitFor();
    }
    await fill(page);
    await picture(page, `${name}-asked`);
    await search(page);
    await picture(page, name);
    const wide = await dialog(page).evaluate((place) => place.querySelector(".numbers-body").scrollWidth > place.clientWidth);
    assert.equal(wide, false, "nothing is wider than the screen");
    await page.context().close();
  });
}
