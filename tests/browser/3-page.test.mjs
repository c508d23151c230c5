// The page, driven as a person drives it, on a host that helps it with nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { drop, until, watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";
import { serveSite, siteNames } from "./support/site.mjs";
import { stuckEngine } from "./support/stuck.mjs";
import { tasksDuring } from "./support/tasks.mjs";

/// Everything that the first load transfers, compressed; 1 KB is 1,000 bytes.
const FIRST_LOAD_BYTES = 420_000;

/// Opens the page, calls `act`, and demands that nothing complained.
async function withPage(act, { query = "", at = site, ...options } = {}) {
  const page = await watchedPage(browser, at, options);
  await page.goto(at.url(query));
  await page.getByRole("heading", { level: 1 }).waitFor();
  await act(page);
  page.assertClean();
  await page.context().close();
}

const verdict = (page) => page.getByRole("heading", { level: 1 }).textContent();
const button = (page, name) => page.getByRole("button", { name, exact: true });
const slider = (page) => page.getByRole("slider", { name: "Time in the run" });
const result = (page) => page.getByRole("complementary", { name: "Result" });

/// The worker is the last thing that the page starts, after everything has been fetched.
const loaded = (page) => until(() => page.workers().length === 1, "the engine's worker is there");

/// Presses Run at full speed and waits for the end.
async function runToEnd(page, milliseconds = 60_000) {
  await button(page, "max").click();
  await page.getByRole("button", { name: /^Run/ }).click();
  await until(() => button(page, "Run again").isVisible(), "the run has ended", milliseconds);
}

/// The rows of the ledger by their names, as whole numbers.
async function ledger(page) {
  const rows = await result(page).locator("section", { hasText: "Ledger" }).first().locator("tr").allInnerTexts();
  const entries = rows.map((row) => row.match(/^\s*(.+?)\s+([\d,]+)(\s|$)/s)).filter(Boolean);
  return Object.fromEntries(entries.map(([, name, count]) => [name.replace(/\s+/g, " "), Number(count.replaceAll(",", ""))]));
}

test("the first load is small and comes from the site alone", async () => {
  const fresh = await serveSite();
  try {
    await withPage(loaded, { at: fresh });
    assert.ok(fresh.log.requests.some((path) => path.includes("/engine-")), "the engine is part of it");
    assert.ok(!fresh.log.requests.some((path) => path.includes("/data/")), "what is needed later is not");
    console.log(`first load: ${fresh.log.bytes} bytes in ${fresh.log.requests.length} files`);
    assert.ok(fresh.log.bytes <= FIRST_LOAD_BYTES, `${fresh.log.bytes} bytes of ${FIRST_LOAD_BYTES}`);
  } finally {
    await fresh.close();
  }
});

test("a preset runs to its end, and the ledger balances", () =>
  withPage(async (page) => {
    assert.match(await verdict(page), /\?$/, "before the run the verdict is a question");
    await runToEnd(page);
    assert.match(await verdict(page), /lost/);
    const { Offered: offered, ...rows } = await ledger(page);
    const sum = Object.values(rows).reduce((total, count) => total + count, 0);
    assert.ok(offered > 1_000_000, `offered ${offered}`);
    assert.equal(sum, offered);
    await until(async () => (await page.locator("canvas").count()) === 4, "the library of the plots has come");
  }));

test("a changed knob changes the run", () =>
  withPage(async (page) => {
    await runToEnd(page);
    const before = await ledger(page);
    const shards = page.getByLabel("Shards", { exact: true });
    await shards.fill("12");
    await shards.press("Enter");
    await runToEnd(page);
    const now = await ledger(page);
    assert.equal(now.Offered, before.Offered, "the same traffic");
    assert.ok(now.Processed > before.Processed, `${now.Processed} processed, ${before.Processed} before`);
    assert.doesNotMatch(await verdict(page), /\d are lost/);
  }));

test("a field that cannot be so says why beside it", () =>
  withPage(async (page) => {
    const shards = page.getByLabel("Shards", { exact: true });
    await shards.fill("none");
    await shards.press("Enter");
    await until(async () => (await shards.getAttribute("aria-invalid")) === "true", "the field is marked");
    const named = await shards.getAttribute("aria-describedby");
    assert.match(await page.locator(`[id="${named}"]`).textContent(), /\w+ \w+/);
  }));

test("going back in time shows that time, and forward the end again", () =>
  withPage(async (page) => {
    await runToEnd(page);
    const [endVerdict, end] = [await verdict(page), await ledger(page)];
    await slider(page).fill("300");
    await until(async () => (await ledger(page)).Offered < end.Offered, "the ledger goes back");
    const back = await ledger(page);
    assert.ok(back.Offered > 0 && back.Processed < end.Processed);
    assert.notEqual(await verdict(page), endVerdict);
    await slider(page).fill(await slider(page).getAttribute("max"));
    await until(async () => (await ledger(page)).Offered === end.Offered, "the ledger is at the end again");
    assert.deepEqual(await ledger(page), end);
  }));

test("a table dropped on the page becomes the traffic", () =>
  withPage(async (page) => {
    const rows = Array.from({ length: 10 }, (_, minute) => `2026-03-01T12:0${minute}:00Z,${minute === 4 ? 90_000 : 600}`);
    await drop(page, "requests.csv", ["timestamp,requests", ...rows].join("\n"));
    await runToEnd(page);
    assert.equal((await ledger(page)).Offered, 9 * 600 + 90_000);
  }));

test("a table that is none is answered in words, and nothing else changes", () =>
  withPage(async (page) => {
    const before = await page.getByRole("combobox", { name: "Scenario" }).inputValue();
    await drop(page, "holiday.csv", "dear diary\nit rained");
    const told = page.getByRole("alert");
    await told.waitFor();
    assert.match(await told.innerText(), /header/);
    await button(page, "Understood").click();
    assert.equal(await page.getByRole("combobox", { name: "Scenario" }).inputValue(), before);
  }));

test("two consumers are shown, each with its own lag and ledger", () =>
  withPage(async (page) => {
    const choice = page.getByRole("group", { name: "Consumer that is shown" });
    assert.equal(await choice.count(), 0, "one consumer needs no choice");
    const scenario = page.getByRole("complementary", { name: "Scenario" });
    await scenario.getByText("Window, memory, start, failures").click();
    await scenario.getByRole("button", { name: "Add a consumer" }).click();
    const time = scenario.getByLabel("Per record").nth(1);
    await time.fill("0.1");
    await time.press("Enter");
    await runToEnd(page);
    const [slow, quick] = [choice.getByRole("button", { name: /Lambda 1/ }), choice.getByRole("button", { name: /Lambda 2/ })];
    assert.equal(await quick.getAttribute("aria-pressed"), "true", "what was added is shown");
    const quickLedger = await ledger(page);
    // A moment at which the slow one lags.
    await slider(page).fill("700");
    await until(async () => /wait/.test(await slow.innerText()), "the line says that the first lags");
    assert.match(await quick.innerText(), /nothing waits|oldest \d+\sms/);
    await slow.focus();
    await page.keyboard.press("Enter");
    await until(async () => (await slow.getAttribute("aria-pressed")) === "true", "the first is shown");
    await until(async () => /^Lambda 1: /.test(await verdict(page)), "the verdict says whose it is");
    await slider(page).fill(await slider(page).getAttribute("max"));
    await until(async () => (await ledger(page)).Offered === quickLedger.Offered, "the end");
    assert.equal((await ledger(page)).Offered, quickLedger.Offered);
    assert.match(await result(page).innerText(), /Lambda 2: Lambda duration/);
    // What was folded out stays with the first.
    await scenario.getByText("Window, memory, start, failures").nth(1).click();
    await scenario.getByRole("button", { name: "Remove Lambda 2" }).click();
    await until(async () => (await choice.count()) === 0, "one is left");
  }));

test("the logs show where a consumer stands, at the time of the slider, and keep still", () =>
  withPage(
    async (page) => {
      await loaded(page);
      await runToEnd(page);
      const picture = page.locator("svg.lanes");
      const chart = (name) => page.locator(".charts .row", { hasText: name });
      const label = () => picture.getAttribute("aria-label");
      assert.match(await label(), /records\/s are offered/);
      await page.keyboard.press("l");
      await until(async () => (await label()).startsWith("Where Orders stands at 15:00."), "the logs are shown");
      assert.equal(await button(page, "Log").getAttribute("aria-pressed"), "true");
      assert.ok(await chart("Concurrency").isVisible());
      assert.ok(!(await chart("Backlog").isVisible()));

      // Back to the time at which a worker of the second consumer has died.
      await slider(page).fill("304");
      await page.locator(".readers button").nth(1).click();
      await until(async () => /no worker until 5:10/.test(await label()), "two shards are without a worker");
      assert.match(await picture.innerHTML(), /no worker/);
      assert.ok(await chart("Workers").isVisible());
      const before = await picture.boundingBox();

      // The same as a table.
      await button(page, "as a table").click();
      const dialog = page.getByRole("dialog", { name: "The run as a table" });
      const rows = dialog.locator("table").nth(1).locator("tbody tr");
      await until(async () => (await rows.count()) === 4, "each shard has a row");
      assert.match(await rows.first().innerText(), /Shard 0, no worker/);
      await dialog.getByRole("button", { name: "Close" }).click();

      // While time passes nothing around the picture moves.
      await button(page, "60×").click();
      await button(page, "Resume").click();
      await until(async () => Number(await slider(page).inputValue()) > 420, "time has passed");
      assert.deepEqual(await picture.boundingBox(), before);
      await button(page, "Pause").click();
      await page.keyboard.press("l");
      await until(async () => /records\/s are offered/.test(await label()), "the stream is shown again");
    },
    { query: "?preset=many-consumers" },
  ));

test("streams that follow one another are shown one at a time", () =>
  withPage(async (page) => {
    const text = readFileSync(new URL("../golden/chain/scenario.json", import.meta.url), "utf8");
    const expected = JSON.parse(readFileSync(new URL("../golden/chain/expected.json", import.meta.url), "utf8"));
    await drop(page, "chain.json", text);
    await runToEnd(page);
    const choice = page.getByRole("group", { name: "Stream that is shown" });
    const account = async ({ ledger: { offered, processed } }) => {
      await until(async () => (await ledger(page)).Offered === offered, `${offered} records are offered`);
      assert.equal((await ledger(page)).Processed, processed);
    };
    await account(expected);
    await choice.getByRole("button", { name: "Enriched" }).click();
    await account(expected.then[0]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await account(expected.then[0].then[0]);
    assert.equal(await choice.getByRole("button", { name: "Alarms" }).getAttribute("aria-pressed"), "true");
    // One more from the form.
    const scenario = page.getByRole("complementary", { name: "Scenario" });
    await scenario.getByText("Window, memory, start, failures").first().click();
    await scenario.getByRole("button", { name: "Put into another stream" }).first().click();
    await until(async () => (await choice.getByRole("button").count()) === 4, "there is one more stream");
    await scenario.getByText("Name, size, mode, calls, consumer").last().click();
    await scenario.getByRole("button", { name: "Remove Stream 3" }).click();
    await until(async () => (await choice.getByRole("button").count()) === 3, "it is gone again");
  }));

test("keys run, step and go back", () =>
  withPage(async (page) => {
    await page.keyboard.press("Space");
    await until(() => button(page, "Pause").isVisible(), "it plays");
    await until(async () => Number(await slider(page).inputValue()) > 0, "time goes by");
    await page.keyboard.press("Space");
    await until(() => button(page, "Resume").isVisible(), "it rests");
    const at = Number(await slider(page).inputValue());
    await page.keyboard.press(".");
    await until(async () => Number(await slider(page).inputValue()) > at, "a step on");
    await page.keyboard.press("PageUp");
    await until(async () => Number(await slider(page).inputValue()) === 0, "back at the start");
  }));

for (const [what, query] of [["the stream", ""], ["the logs of five consumers", "?log&preset=many-consumers"]]) {
  test(`no task takes the main thread more than 50 ms while a run plays, with ${what} in view`, () =>
    withPage(
      async (page) => {
        await loaded(page);
        await button(page, "300×").click();
        const tasks = await tasksDuring(browser, page, async () => {
          await button(page, "Run").click();
          await until(() => button(page, "Run again").isVisible(), "the run has ended");
        });
        const [longest] = tasks;
        console.log(`${tasks.length} tasks; the longest took ${longest.own} ms of the thread, ${longest.wall} ms in all`);
        assert.ok(tasks.length > 100, "the trace shows the page at work");
        assert.ok(longest.own <= 50, JSON.stringify(tasks.slice(0, 5)));
      },
      { query },
    ));
}

test("an engine that hangs is ended, and the page says so and lives on", async () => {
  const { engine } = await siteNames();
  const stuck = await serveSite({ [engine]: await stuckEngine() });
  try {
    await withPage(
      async (page) => {
        await button(page, "Run").click();
        const told = page.getByRole("alert");
        await told.waitFor({ timeout: 15_000 });
        assert.match(await told.innerText(), /stopped|ended/);
        await button(page, "Understood").click();
        await page.getByRole("combobox", { name: "Scenario" }).selectOption("hot-key");
        await until(async () => (await page.locator("iframe").count()) === 1, "there is a new box");
        await loaded(page);
      },
      { at: stuck },
    );
  } finally {
    await stuck.close();
  }
});

test("nothing beside the Run button is cut at any width", async () => {
  for (const query of ["", "?present", "?compare&preset=three-designs"]) {
    await withPage(async (page) => {
      for (const width of [390, 600, 800, 1000, 1200, 1280, 1366, 1440, 1920]) {
        await page.setViewportSize({ width, height: 900 });
        const cut = await page.locator(".transport").evaluate((transport) => {
          const { right } = transport.getBoundingClientRect();
          const isCut = (one) => one.scrollWidth > one.clientWidth + 1 || one.getBoundingClientRect().right > right + 1;
          return [...transport.children].filter((one) => one.offsetWidth && isCut(one)).map((one) => one.textContent);
        });
        assert.deepEqual(cut, [], `${query} at ${width}`);
      }
    }, { query });
  }
});

test("a page that cannot go on says so and keeps what it shows", () =>
  withPage(async (page) => {
    const shown = await verdict(page);
    await page.evaluate(() => {
      const error = new WebAssembly.RuntimeError("unreachable");
      dispatchEvent(new ErrorEvent("error", { error, cancelable: true }));
    });
    assert.match(await page.getByRole("alert").innerText(), /cannot go on/);
    assert.equal(await verdict(page), shown);
  }));

test("a page whose module does not arrive says so", async () => {
  const { page: name } = await siteNames();
  const broken = await serveSite({ [name]: Buffer.from("no module") });
  try {
    const page = await watchedPage(browser, broken);
    await page.goto(broken.url());
    const told = page.getByRole("alert");
    await told.waitFor();
    assert.match(await told.innerText(), /could not start/);
    await page.context().close();
  } finally {
    await broken.close();
  }
});

test("the model page lists every rule with its constants and closes again", () =>
  withPage(async (page) => {
    await button(page, "Model").click();
    const dialog = page.getByRole("dialog", { name: "How it is modelled" });
    await until(async () => (await dialog.getByRole("heading").count()) >= 10, "the rules are there");
    const text = await dialog.innerText();
    for (const words of ["1,000 records/s", "1 MiB/s", "estimated", "$0.015", "2024-07"]) {
      assert.ok(text.includes(words), words);
    }
    await dialog.getByRole("button", { name: "Close" }).click();
    await until(async () => !(await dialog.isVisible()), "the dialogue is closed");
    // The focus is back on the button, which keeps the space bar for itself.
    await page.keyboard.press("PageDown");
    await until(() => button(page, "Pause").isVisible(), "keys work again");
  }));
