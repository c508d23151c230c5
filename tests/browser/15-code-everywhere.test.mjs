// Code in the stream that follows and in a copy of the design: two handlers side by side, each with its invocations, and
// the numbers of the command line.

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
const [THROWS, REPORTS] = await Promise.all(
  ["throw", "report"].map((what) => readFile(`www/handlers/samples/orders-that-${what}.mjs`, "utf8")),
);

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "everywhere-"));
  await mkdir(FOLDER, { recursive: true });
});

/// Orders, one in fifty of which has no price; what is booked is put into a second stream.
const SCENARIO = {
  name: "Two handlers",
  length_s: 180,
  traffic: {
    curve: [{ kind: "constant", per_s: 40 }],
    sizes: { kind: "fixed", bytes: 80 },
    payloads: [
      { share: 0.98, data: { id: "A-{number}", price: { cents: "{200..9000}" } } },
      { share: 0.02, data: { id: "A-{number}", price: null } },
    ],
  },
  stream: { shards: 1 },
  consumers: [{ kind: "lambda", batch_size: 20, max_retries: 2, responses: "items" }],
  then: [{ consumer: 0, size_bytes: 80, consumers: [{ kind: "lambda" }] }],
};

/// Sees what lies in the second stream.
const SEES = `export const handler = async (event, context) => {
  console.log(context.functionName, event.Records.length);
};
`;

const button = (place, name) => place.getByRole("button", { name, exact: true });
const slider = (page) => page.getByRole("slider", { name: "Time in the run" });
const drawer = (page) => page.getByRole("region", { name: "Handler", exact: true });
const rows = (page) => drawer(page).locator(".inv tbody tr");

async function seek(page, second) {
  await slider(page).fill(String(second));
  await until(async () => Math.abs(Number(await slider(page).inputValue()) - second) < 0.01, `second ${second} is shown`, 90_000);
}

/// Puts a text into the editor as a person does, and leaves it; the size beside it says that it is the scenario's.
async function write(page, text) {
  await page.getByRole("textbox", { name: /Code of the handler/ }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Tab");
  await drawer(page).getByText(`${(text.length / 1e3).toFixed(1)} KB in the scenario`).waitFor();
}

test("two handlers are compared on the same arrivals, and a stream that follows has one of its own", async () => {
  const page = await watchedPage(browser, site, { reducedMotion: "reduce", viewport: { width: 1440, height: 900 } });
  await page.goto(site.url("?theme=light"));
  await page.getByRole("heading", { level: 1 }).waitFor();
  await drop(page, "orders.json", JSON.stringify(SCENARIO));
  await until(async () => (await slider(page).getAttribute("max")) === "180", "the scenario is there");

  // The stream that follows: it has its own records, and the page shows it.
  const scenario = page.getByRole("complementary", { name: "Scenario" });
  await scenario.getByText("Name, size, mode, calls, consumer").click();
  await button(scenario.locator(".step").filter({ hasText: "puts into it" }), "Write the handler…").click();
  await write(page, SEES);
  await seek(page, 180);
  await until(async () => (await rows(page).count()) > 20, "its invocations are listed", 60_000);
  await until(async () => /function-1-of-stream-2 \d+/.test(await drawer(page).getByLabel("Logs", { exact: true }).innerText()), "it says who it is");

  await page.screenshot({ path: join(FOLDER, "code-of-a-follower-light.png") });

  // The first stream's, then a copy of it all, whose handler throws instead of reporting.
  await button(page, "Handler").click();
  await scenario.getByText("Window, memory, start, failures").first().click();
  await button(scenario.locator(".step").filter({ hasText: "polls each shard" }).first(), "Write the handler…").click();
  await write(page, REPORTS);
  await page.keyboard.press("Escape");
  await button(page, "Compare").click();
  await page.getByRole("button", { name: "Add a copy of the first" }).click();
  const form = page.getByRole("complementary", { name: "Design", exact: true });
  await button(form, "Write the handler…").click();
  await drawer(page).getByText("Lambda of Data Streams 2; what stands above is Data Streams").waitFor();
  assert.match(await drawer(page).innerText(), new RegExp(`${(REPORTS.length / 1e3).toFixed(1)} KB in the scenario`), "the copy has the code");
  await write(page, THROWS);
  await seek(page, 180);
  await until(async () => (await rows(page).count()) > 20, "the copy's invocations are listed", 60_000);
  await button(drawer(page), "failed").click();
  await until(async () => /threw/.test(await rows(page).first().innerText()), "batches of the copy fail");
  await page.screenshot({ path: join(FOLDER, "code-of-a-copy-light.png") });

  // Side by side, with the numbers of the command line.
  await button(page, "Compare").click();
  const coded = (code) => ({ ...SCENARIO.consumers[0], handler: "javascript", code });
  const then = [{ ...SCENARIO.then[0], consumers: [{ ...SCENARIO.then[0].consumers[0], handler: "javascript", code: SEES }] }];
  const own = { stream: SCENARIO.stream, consumers: [coded(REPORTS)], then };
  const document = { ...SCENARIO, ...own, designs: [{ ...own, kind: "stream", consumers: [coded(THROWS)] }] };
  const file = join(folder, "two.json");
  await writeFile(file, JSON.stringify(document));
  const found = JSON.parse(execFileSync(command, ["compare", file, "--json"], { encoding: "utf8", maxBuffer: 1 << 28 }));
  const [reports, throws] = found.measures.find(({ id }) => id === "lost_later").values;
  assert.ok(throws > 1.5 * reports && reports > 500, `${reports} and ${throws} are lost`);
  const matrix = page.locator(".matrix");
  await page.getByText("Same arrivals", { exact: true }).waitFor();
  for (const code of [REPORTS, THROWS]) {
    await page.getByText(`a function with ${(code.length / 1e3).toFixed(1)} KB of JavaScript that takes batches of 20`).waitFor();
  }
  for (const lost of [reports, throws]) {
    await until(async () => (await matrix.textContent()).includes(lost.toLocaleString("en")), `${lost} is shown`, 60_000);
  }
  await page.screenshot({ path: join(FOLDER, "two-handlers-light.png") });
  page.assertClean();
  await page.context().close();
});
