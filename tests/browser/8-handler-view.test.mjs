// The handler view in a browser: code is written, runs, fails at its line, and is tried on one event. Nothing leaves the
// site, and no policy is broken on the way.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { until, watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";

/** A page with the view open. */
async function opened(query = "?handler&preset=poison-record") {
  const page = await watchedPage(browser, site, { reducedMotion: "reduce" });
  await page.goto(site.url(query));
  await page.getByRole("button", { name: "Run one event" }).waitFor();
  return page;
}

/** Puts a text into the editor as a person does, and leaves it. */
async function write(page, text) {
  const code = page.getByRole("textbox", { name: /Code of the handler/ });
  await code.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Tab");
}

const drawer = (page) => page.getByRole("region", { name: "Handler", exact: true });
const rows = (page) => drawer(page).locator(".inv tbody tr");

/** Runs up to a second. */
async function seek(page, second) {
  await page.locator('input[type="range"]').fill(String(second));
  await until(async () => Number(await page.locator('input[type="range"]').inputValue()) >= second - 1, "the run has come as far", 90_000);
}

test("the view is fetched when it is opened, and not before", async () => {
  const page = await watchedPage(browser, site);
  const fetched = [];
  page.on("request", (request) => fetched.push(request.url()));
  await page.goto(site.url("?preset=poison-record"));
  const button = page.getByRole("button", { name: "Handler", exact: true });
  await button.waitFor();
  assert.equal(fetched.filter((url) => /data\/(view|later)-/.test(url)).length, 0);
  await button.click();
  await page.getByRole("button", { name: "Run one event" }).waitFor();
  assert.deepEqual(fetched.filter((url) => /data\/view-/.test(url)).map((url) => url.split(".").pop()).sort(), ["css", "js"]);
  assert.equal(await page.locator("style").count(), 0, "styles are constructed, not written into the page");
  await page.keyboard.press("h");
  assert.equal(await drawer(page).count(), 0, "h closes it again");
  page.assertClean();
  await page.context().close();
});

test("the view is drawn when it is known what it shows, and its list of samples stays", async () => {
  const page = await watchedPage(browser, site, { reducedMotion: "reduce" });
  await page.addInitScript(() => {
    window.lists = new Set();
    new MutationObserver(() => document.querySelectorAll(".dh select").forEach((list) => window.lists.add(list)))
      .observe(document, { childList: true, subtree: true });
  });
  const view = page.waitForResponse(/data\/view-.*js/);
  // What decides comes a second after the view itself.
  await page.route("**/data/later-*", async (route) => {
    await (await view).finished();
    await page.waitForTimeout(1000);
    assert.equal(await page.getByText("Loading the editor…").isVisible(), true);
    await route.continue();
  });
  await page.goto(site.url("?handler&preset=poison-record"));
  const list = drawer(page).getByLabel("Begin with a sample");
  await list.selectOption({ label: "Book orders, and throw" });
  const code = page.getByRole("textbox", { name: /Code of the handler/ });
  await until(async () => (await code.innerText()).includes("cents"), "the sample is there");
  assert.equal(await page.evaluate(() => window.lists.size), 1, "one list all the time");
  page.assertClean();
  await page.context().close();
});

test("what could not be fetched says so, and is fetched when it is asked for again", async () => {
  const page = await watchedPage(browser, site);
  await page.route("**/data/later-*", (route) => route.abort());
  await page.goto(site.url("?preset=poison-record"));
  const table = page.getByRole("button", { name: "as a table" });
  const dialog = page.getByRole("dialog", { name: "The run as a table" });
  await table.click();
  await dialog.getByText("This could not be loaded. Close it and open it again.").waitFor();
  await page.unroute("**/data/later-*");
  await page.keyboard.press("Escape");
  await table.click();
  await dialog.getByText("Nothing has run yet.").waitFor();
  await page.context().close();
});

test("a handler that throws is seen where it throws, and mended", async () => {
  const page = await opened();
  await page.getByRole("button", { name: "Write a handler" }).click();
  await write(page, await readFile("www/handlers/samples/orders-that-throw.mjs", "utf8"));
  await seek(page, 20);
  await until(async () => (await rows(page).count()) > 0, "invocations are listed");
  // The records of this scenario have no price, so that each batch fails at once.
  const first = rows(page).first();
  assert.match(await first.innerText(), /threw/);
  const why = drawer(page).locator(".why");
  assert.match(await why.innerText(), /TypeError: cannot read property 'cents' of undefined/);
  assert.match(await drawer(page).getByLabel("Logs", { exact: true }).innerText(), /START[\s\S]*ERROR Invoke Error {2}TypeError[\s\S]*index\.mjs:14[\s\S]*REPORT Duration: /);
  assert.match(await drawer(page).getByLabel("Event", { exact: true }).innerText(), /"partitionKey"[\s\S]*↳ \{/);
  // The mended code succeeds, and the failure is gone with the code that had it.
  await write(page, 'export const handler = async (event) => {\n  console.log("seen", event.Records.length);\n};\n');
  await seek(page, 20);
  await until(async () => /ok/.test(await rows(page).first().innerText()), "invocations succeed");
  assert.equal(await why.count(), 0);
  await drawer(page).getByRole("searchbox").fill("seen");
  await until(async () => (await rows(page).count()) > 0, "logs are searched");
  page.assertClean();
  await page.context().close();
});

test("who leaves the editor for the time gets there with the new code", async () => {
  const page = await opened();
  await page.getByRole("button", { name: "Write a handler" }).click();
  await page.getByRole("textbox", { name: /Code of the handler/ }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText('export const handler = async () => console.log("mine");');
  await page.evaluate(() => {
    const slider = document.querySelector('input[type="range"]');
    slider.focus();
    slider.value = "20";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await until(async () => Number(await page.locator('input[type="range"]').inputValue()) >= 19, "the run has come as far");
  await until(async () => /mine/.test(await drawer(page).getByLabel("Logs", { exact: true }).innerText()), "the new code ran");
  page.assertClean();
  await page.context().close();
});

test("code that does not parse is told at its line, first by the editor and then by the run", async () => {
  const page = await opened();
  await page.getByRole("button", { name: "Write a handler" }).click();
  const code = page.getByRole("textbox", { name: /Code of the handler/ });
  await code.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("export const handler = async () => {\n  const = 1;\n};\n");
  const why = drawer(page).locator(".why");
  await until(async () => (await why.count()) === 1, "the editor marks the line");
  await page.keyboard.press("Tab");
  await drawer(page).getByRole("button", { name: "Run one event" }).click();
  await drawer(page).getByRole("button", { name: "Run", exact: true }).click();
  await until(async () => /did not load/.test(await drawer(page).locator(".trial h2").nth(1).innerText()), "the code did not load");
  assert.match(await why.first().innerText(), /SyntaxError/);
  page.assertClean();
  await page.context().close();
});

test("a sample runs on the event that suits it, and on one of one's own", async () => {
  const page = await opened();
  await drawer(page).getByLabel("Begin with a sample").selectOption({ label: "Decode, count, answer for each record" });
  await drawer(page).getByRole("button", { name: "Run one event" }).click();
  const run = drawer(page).getByRole("button", { name: "Run", exact: true });
  const result = drawer(page).getByLabel("What came of it");
  await run.click();
  await until(async () => /DeliveryFailed/.test(await result.innerText()), "the sample answers for each record", 60_000);
  assert.match(await result.innerText(), /Successful delivered records 2, Failed delivered records 1\./);
  assert.match(await result.innerText(), /REPORT Duration: .* Billed Duration: .* Memory Size: .* Max Memory Used: /);
  await drawer(page).getByLabel("Event as JSON").fill('{"records":[{"recordId":"mine","data":"e30="}]}');
  await run.click();
  await until(async () => /"mine"/.test(await result.innerText()), "the event of one's own is taken");
  await drawer(page).getByLabel("Which event").selectOption({ label: "The first batch of this scenario" });
  await run.click();
  await until(async () => /"recordId": "\d{56}"/.test(await result.innerText()), "the scenario's first batch is taken");
  page.assertClean();
  await page.context().close();
});

test("a handler in Rust is chosen, and what is no module is refused in plain words", async () => {
  const page = await opened();
  await drawer(page).getByLabel("Begin with a sample").selectOption({ label: "Rust: count by key" });
  await until(async () => /module\.wasm/.test(await drawer(page).innerText()), "the module is there");
  await seek(page, 20);
  await until(async () => (await rows(page).count()) > 0, "it is invoked");
  assert.match(await drawer(page).getByLabel("Logs", { exact: true }).innerText(), /busiest key: /);
  const drop = async (name, bytes) => {
    const data = await page.evaluateHandle(([name, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], name));
      return data;
    }, [name, bytes]);
    await page.getByRole("region", { name: "The run" }).dispatchEvent("drop", { dataTransfer: data });
  };
  await drop("broken.wasm", [0, 97, 115, 109, 1, 0, 0, 0]);
  await page.getByRole("heading", { name: "This module cannot run here." }).waitFor();
  await drop("index.mjs", [...new TextEncoder().encode("export const handler = async () => {};\n")]);
  await until(async () => /index\.mjs/.test(await drawer(page).innerText()), "the dropped source is the handler");
  page.assertClean();
  await page.context().close();
});

test("Tab leaves the editor; after Escape it indents", async () => {
  const page = await opened();
  await page.getByRole("button", { name: "Write a handler" }).click();
  const code = page.getByRole("textbox", { name: /Code of the handler/ });
  await code.click();
  await page.keyboard.press("Control+Home");
  const text = () => code.innerText();
  const before = await text();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  assert.equal((await text()).length, before.length + 2);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Tab");
  assert.equal((await text()).length, before.length + 2);
  assert.notEqual(await page.evaluate(() => document.activeElement.className), "ed");
  page.assertClean();
  await page.context().close();
});

test("what a handler can and cannot do stands on a page of its own, with the numbers of the box", async () => {
  const page = await opened();
  const limits = JSON.parse(await readFile("www/handlers/limits.json", "utf8"));
  await page.getByRole("button", { name: "What it can do" }).click();
  const dialog = page.getByRole("dialog", { name: "What a handler can and cannot do" });
  await dialog.getByText("What it cannot do").waitFor();
  const text = await dialog.innerText();
  for (const number of [limits.fuel, limits.log_lines, limits.reply_bytes]) {
    assert.ok(text.includes(number.toLocaleString("en-US")), `${number} is told`);
  }
  page.assertClean();
  await page.context().close();
});
