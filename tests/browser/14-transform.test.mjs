// Code in the function of a delivery stream: written behind the stream and in a design beside it; the records go where
// the command line says that they go.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { drop, until, watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";

const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const FOLDER = process.env.STREAMGAUGE_PICTURES ?? "target/pictures";
const SAMPLE = await readFile("www/handlers/samples/firehose-transform.js", "utf8");

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "transform-"));
  await mkdir(FOLDER, { recursive: true });
});

/// Orders, one in ten of which has no price: behind a stream, and put into a delivery stream.
const SCENARIO = {
  name: "Orders",
  length_s: 120,
  traffic: {
    curve: [{ kind: "constant", per_s: 50 }],
    sizes: { kind: "fixed", bytes: 80 },
    payloads: [
      { share: 0.9, data: { id: "A-{number}", price: { cents: "{200..9000}" } } },
      { share: 0.1, data: { id: "A-{number}", price: null } },
    ],
  },
  stream: { shards: 1 },
  consumers: [{ kind: "poller", fixed_ms: 0, per_record_ms: 0 }],
  deliver: [{ consumer: 0, firehose: { buffering: { interval_s: 10 }, transform: { interval_s: 2 } } }],
  designs: [{ kind: "firehose", firehose: { buffering: { interval_s: 10 }, transform: { interval_s: 5 } } }],
};

/// What the page makes of a delivery stream whose function is written.
const coded = ({ firehose, ...of }, code) => ({
  ...of,
  firehose: { ...firehose, transform: { ...firehose.transform, memory_mb: 512, handler: "javascript", code } },
});

const button = (place, name) => place.getByRole("button", { name, exact: true });
const slider = (page) => page.getByRole("slider", { name: "Time in the run" });
const drawer = (page) => page.getByRole("region", { name: "Handler", exact: true });

async function open(options = {}) {
  const page = await watchedPage(browser, site, { reducedMotion: "reduce", ...options });
  await page.goto(site.url());
  await page.getByRole("heading", { level: 1 }).waitFor();
  await drop(page, "orders.json", JSON.stringify(SCENARIO));
  await until(async () => (await slider(page).getAttribute("max")) === "120", "the scenario is there");
  await button(page, "Workbench").click();
  return page;
}

async function seek(page, second) {
  await slider(page).fill(String(second));
  await until(async () => Math.abs(Number(await slider(page).inputValue()) - second) < 0.01, `second ${second} is shown`, 90_000);
}

/// What the command line says of the scenario with this code behind the stream, and in the design.
async function told(behind, beside) {
  const file = join(folder, "orders.json");
  const document = { ...SCENARIO, deliver: [coded(SCENARIO.deliver[0], behind)], designs: [coded(SCENARIO.designs[0], beside)] };
  await writeFile(file, JSON.stringify(document));
  return JSON.parse(execFileSync(command, ["run", file, "--json"], { encoding: "utf8", maxBuffer: 1 << 28 }));
}

/// Puts a text into the editor as a person does, and leaves it.
async function write(page, text) {
  await page.getByRole("textbox", { name: /Code of the handler/ }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Tab");
}

test("code is written for the function of a delivery stream, behind the stream and in a design", async () => {
  const page = await open({ viewport: { width: 1440, height: 900 } });
  const scenario = page.getByRole("complementary", { name: "Scenario" });
  await scenario.getByText("Name, function, partitions, form, destination").click();
  await button(scenario.locator(".step").filter({ hasText: "Firehose, reads as" }), "Write the handler…").click();
  const samples = drawer(page).getByLabel("Begin with a sample");
  await samples.waitFor();
  assert.deepEqual(await samples.locator("optgroup[label=JavaScript] option").allTextContents(), ["Transform for Firehose"]);
  await drawer(page).getByText("The function of Firehose").waitFor();
  await samples.selectOption({ label: "Transform for Firehose" });
  await seek(page, 119);
  await until(async () => (await drawer(page).locator(".inv tbody tr").count()) > 40, "its invocations are listed", 60_000);
  const first = drawer(page).locator(".inv tbody tr").first();
  assert.match(await first.innerText(), /\d+ dropped$/);
  assert.match(await drawer(page).getByLabel("Event", { exact: true }).innerText(), /"recordId": "\d+"[\s\S]*kinesisRecordMetadata[\s\S]*↳ \{"id":"A-\d+"/);
  await page.screenshot({ path: join(FOLDER, "transform-light.png") });

  // The same for the design beside the first, by its own code: every third record fails.
  const thirds = SAMPLE.replace("event.records.map(({ recordId, data }) => {", "event.records.map(({ recordId, data }, at) => {\n    if (at % 3 === 0) return { recordId, result: \"ProcessingFailed\", data };");
  assert.notEqual(thirds, SAMPLE);
  await page.keyboard.press("Escape");
  await button(page, "Compare").click();
  await page.locator('[data-act="form 1"]').first().click();
  await button(page.getByRole("complementary", { name: "Design", exact: true }), "Write the handler…").click();
  await drawer(page).getByText(/The function of/).waitFor();
  await write(page, thirds);
  await drawer(page).getByText(`${(thirds.length / 1e3).toFixed(1)} KB in the scenario`).waitFor();
  await seek(page, 120);
  await until(async () => /failed/.test(await drawer(page).locator(".inv tbody tr").first().innerText()), "records fail", 60_000);
  await page.screenshot({ path: join(FOLDER, "transform-design-light.png") });

  const found = await told(SAMPLE, thirds);
  const { dropped, set_aside: aside } = found.deliver[0].ledger;
  assert.ok(dropped > 400 && Object.keys(aside).length === 0, JSON.stringify(found.deliver[0].ledger));
  await button(page, "Handler").click();
  const result = page.getByRole("complementary", { name: "Result" });
  const words = `Dropped by the function${dropped.toLocaleString("en")}`;
  await until(async () => (await result.textContent()).replaceAll("\u00a0", "").includes(words), words);
  await button(page, "Compare").click();
  const failed = found.firehose[0].ledger.set_aside.processing_failed;
  assert.ok(failed > 1_500, `${failed} fail`);
  const matrix = page.locator(".matrix");
  await until(async () => (await matrix.textContent()).includes(failed.toLocaleString("en")), `${failed} is shown`);
  page.assertClean();
  await page.context().close();
});

test("one event is tried in a function that transforms, and the view stands in the dark and in a hand", async () => {
  for (const [name, options] of [
    ["dark", { colorScheme: "dark", viewport: { width: 1440, height: 900 } }],
    ["phone", { viewport: { width: 390, height: 844 } }],
  ]) {
    const page = await open(options);
    if (name === "phone") await page.getByRole("button", { name: "Scenario", exact: true }).click();
    const scenario = page.locator("#scenario");
    await scenario.getByText("Name, function, partitions, form, destination").click();
    await button(scenario, "Write the handler…").last().click();
    await drawer(page).getByLabel("Begin with a sample").selectOption({ label: "Transform for Firehose" });
    await button(drawer(page), "Run one event").click();
    const trial = drawer(page).locator(".trial");
    await trial.getByRole("button", { name: /Run/ }).first().click();
    await drawer(page).getByText(/^1 failed, 1 dropped, /).waitFor();
    await until(async () => /"result": "Ok"/.test(await drawer(page).innerText()), "it has answered", 60_000);
    await page.screenshot({ path: join(FOLDER, `transform-${name}.png`) });
    page.assertClean();
    await page.context().close();
  }
});
