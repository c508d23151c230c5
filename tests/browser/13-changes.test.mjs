// What is done on purpose to designs and to delivery streams: added at the instant in view, changed, taken back, and
// marked where it happens; the numbers are those of the command line.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { drop, until, watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";

const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";
const FOLDER = process.env.STREAMGAUGE_PICTURES ?? "target/pictures";

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "changes-"));
  await mkdir(FOLDER, { recursive: true });
});

/// Two minutes of steady load for a stream, an application, and Firehose into a search domain.
const SCENARIO = {
  name: "Steady",
  length_s: 120,
  traffic: { curve: [{ kind: "constant", per_s: 100 }] },
  stream: { shards: 1 },
  designs: [
    { kind: "direct", direct: { client: { timeout_s: 5, attempts: 1 }, request: { reads: 1, writes: 1 } } },
    { kind: "firehose", firehose: { buffering: { size_mib: 1, interval_s: 10 }, destination: { kind: "opensearch", retry_s: 20 } } },
  ],
};

const button = (place, name) => place.getByRole("button", { name, exact: true });
const form = (page) => page.getByRole("complementary", { name: "Design", exact: true });
const slider = (page) => page.getByRole("slider", { name: "Time in the run" });

async function open(query = "", options = {}) {
  const page = await watchedPage(browser, site, { reducedMotion: "reduce", ...options });
  await page.goto(site.url(query));
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

async function seek(page, second) {
  await slider(page).fill(String(second));
  await until(async () => Math.abs(Number(await slider(page).inputValue()) - second) < 0.01, `second ${second} is shown`, 60_000);
  await until(async () => !(await page.getByText("computing…").isVisible()), "nothing is being computed", 60_000);
}

/// Adds a change of this kind at the instant in view; what can be added may be folded away.
async function add(place, kind) {
  const offered = button(place, kind);
  if (!(await offered.isVisible())) await place.getByText("Add a change at the instant in view").click();
  await offered.click();
}

/// The command line's result of a design.
async function told(document, name) {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(document));
  return JSON.parse(execFileSync(command, ["compare", file, "--json"], { encoding: "utf8", maxBuffer: 1 << 28 }));
}

/// A row of the matrix, by its title.
const measures = async (page, title) =>
  page.getByRole("row").filter({ hasText: title }).first().getByRole("cell").allTextContents();

test("faults of an application and of a destination are added, changed, taken back, and do what they say", async () => {
  const page = await open();
  await drop(page, "steady.json", JSON.stringify(SCENARIO));
  await until(async () => (await slider(page).getAttribute("max")) === "120", "the scenario is there");
  await seek(page, 30);

  // The database of the application is away for half a minute from the instant in view on.
  await page.locator('[data-act="form 1"]').first().click();
  await add(form(page), "The primary fails over");
  const change = form(page).locator(".change");
  await change.waitFor();
  assert.match(await change.textContent(), /^0:30/);
  const lasts = form(page).getByLabel("For", { exact: true });
  await lasts.fill("25");
  await lasts.press("Tab");
  await seek(page, 120);
  const document = structuredClone(SCENARIO);
  document.designs[0].direct.operations = [{ at_s: 30, kind: "database_outage", for_s: 25 }];
  const failing = await told(document, "direct");
  const failed = failing.results[1].ledger.failed;
  const sum = Object.values(failed).reduce((all, count) => all + count, 0);
  assert.ok(sum > 1_000, `${sum} requests fail`);
  const texts = await measures(page, "Fails in the client");
  assert.ok(texts.join(" ").includes(sum.toLocaleString("en")), `${texts} for ${sum}`);
  assert.match(await page.locator('[data-p="plot 1 0"]').textContent(), /database fails over/);
  await page.screenshot({ path: join(FOLDER, "changes-direct-light.png") });

  // Another one is added and taken back; the first stays.
  await seek(page, 60);
  await add(form(page), "The cache is emptied");
  await until(async () => (await change.count()) === 2, "there are two");
  await change.nth(1).getByRole("button").click();
  await until(async () => (await change.count()) === 1, "there is one");
  assert.match(await change.textContent(), /^0:30/);
  await button(form(page), "Done").click();

  // The search domain is away for longer than it is tried again.
  await page.locator('[data-act="form 2"]').first().click();
  await seek(page, 20);
  await add(form(page), "Outage of the destination");
  await form(page).getByLabel("For", { exact: true }).fill("60");
  await form(page).getByLabel("For", { exact: true }).press("Tab");
  await seek(page, 120);
  assert.match(await page.locator('[data-p="plot 2 0"]').textContent(), /OpenSearch takes nothing/);
  document.designs[1].firehose.operations = [{ at_s: 20, kind: "destination_outage", for_s: 60 }];
  const set = (await told(document, "firehose")).results[2].ledger.set_aside.delivery_failed;
  assert.ok(set > 1_000, `${set} records are set aside`);
  assert.ok((await page.locator(".matrix").textContent()).includes(set.toLocaleString("en")), `${set} is shown`);
  page.assertClean();
  await page.context().close();
});

test("a delivery stream is added behind the stream, breaks on purpose, and goes", async () => {
  const page = await open("?preset=with-enough-shards");
  const scenario = page.getByRole("complementary", { name: "Scenario" });
  await scenario.getByText("Window, memory, start, failures").click();
  await button(scenario, "Add a delivery stream").click();
  await scenario.getByRole("heading", { name: /^Firehose/ }).waitFor();
  await seek(page, 300);
  await add(scenario.locator(".step").filter({ hasText: "Firehose, reads as" }), "Outage of the destination");
  await until(async () => (await scenario.getByText("Outage of the destination").count()) > 1, "it is planned");
  await seek(page, 1_500);
  const result = page.getByRole("complementary", { name: "Result" });
  await until(async () => /In deliveries/.test(await result.textContent()), "records wait for the bucket");
  await page.screenshot({ path: join(FOLDER, "changes-delivery-light.png") });
  await scenario.getByText("Name, function, partitions, form, destination").click();
  await button(scenario, "Remove Firehose").click();
  await until(async () => (await scenario.getByRole("heading", { name: /^Firehose/ }).count()) === 0, "it is gone");
  page.assertClean();
  await page.context().close();
});

test("a change of a stream that follows is made in its own group", async () => {
  const page = await open("?preset=sudden-popularity");
  const scenario = page.getByRole("complementary", { name: "Scenario" });
  await scenario.getByText("Window, memory, start, failures").click();
  await button(scenario, "Put into another stream").click();
  const follower = scenario.locator(".step").filter({ hasText: "puts into it" });
  await follower.getByText("Add a change at the instant in view").click();
  const offered = await follower.locator("details .tools button").allTextContents();
  assert.ok(offered.some((words) => /stand/i.test(words)), offered.join(", "));
  await follower.locator("details .tools button").first().click();
  await follower.locator(".change").waitFor();
  await follower.locator(".change").getByRole("button").click();
  await until(async () => (await follower.locator(".change").count()) === 0, "it is taken back");
  page.assertClean();
  await page.context().close();
});
