// Links: shared from the page, opened in another browser, never in place of somebody's own work.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import jsqr from "jsqr";
import { until, watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";

const command = (...words) => execFileSync(process.env.STREAMGAUGE_COMMAND, words, { encoding: "utf8" });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const verdict = (page) => page.getByRole("heading", { level: 1 }).textContent();
const dialog = (page) => page.getByRole("dialog", { name: "Share this scenario" });
const shards = (page) => page.getByLabel("Shards", { exact: true });
const field = (page) => dialog(page).getByRole("textbox", { name: "Link" });

async function open(address = site.url(""), options = {}) {
  const page = await watchedPage(browser, site, options);
  await page.goto(address);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

async function close(page) {
  page.assertClean();
  await page.context().close();
}

async function setShards(page, count) {
  await shards(page).fill(String(count));
  await shards(page).press("Enter");
}

/// Opens the dialogue and gives the link.
async function share(page) {
  await button(page, "Share link").click();
  await field(page).waitFor();
  return field(page).inputValue();
}

/// What the code on the page says, read from a picture of it as a telephone would.
async function readCode(page) {
  const code = dialog(page).getByRole("img", { name: "QR code of the link" });
  await code.scrollIntoViewIfNeeded();
  const picture = await code.screenshot();
  const [pixels, side] = await page.evaluate(async (bytes) => {
    const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
    const side = 420;
    const context = new OffscreenCanvas(side, side).getContext("2d");
    context.drawImage(image, 0, 0, side, side);
    const { data } = context.getImageData(0, 0, side, side);
    return [Array.from({ length: side * side }, (_, place) => data[4 * place]), side];
  }, [...picture]);
  const colours = Uint8ClampedArray.from(pixels.flatMap((light) => [light, light, light, 255]));
  return (jsqr.default ?? jsqr)(colours, side, side)?.data;
}

async function picture(page, name) {
  const folder = process.env.STREAMGAUGE_PICTURES;
  if (folder) await page.screenshot({ path: `${folder}/link-${name}.png` });
}

test("a shared link opens the same scenario in another browser, paused, and as the command line has it", async () => {
  const page = await open();
  await setShards(page, 7);
  const link = await share(page);
  assert.match(link, /#k1\.[\w-]+\.[\w-]{6}$/);
  assert.equal(link.split("#")[0], site.url(""));
  assert.match(await dialog(page).innerText(), /\d+ characters: short enough for mail, chat and a QR code\./);
  assert.match(await dialog(page).innerText(), /It carries the whole scenario\./);
  assert.equal(await readCode(page), link, "the code says the link");
  await picture(page, "light");
  await close(page);

  const other = await open(link);
  await until(async () => (await shards(other).inputValue()) === "7", "the scenario is there");
  assert.ok(await button(other, "Run").isVisible(), "nothing runs by itself");
  assert.match(await other.getByRole("status").first().innerText(), /came by link/);
  assert.equal(await share(other), link, "it is shared under the same link");
  await other.keyboard.press("Escape");
  await button(other, "max").click();
  await button(other, "Run").click();
  await until(() => button(other, "Run again").isVisible(), "the run has ended", 60_000);
  await close(other);

  const document = JSON.parse(command("open", link));
  assert.equal(document.stream.shards, 7);
  // The same document has the same link, wherever it is made.
  const file = join(await mkdtemp(join(tmpdir(), "streamgauge-")), "scenario.json");
  await writeFile(file, JSON.stringify(document));
  assert.equal(command("link", file, "--base", site.url("")).trim(), link);
});

test("an unchanged preset is shared by its name, with a code that can be read in every theme and on a phone", async () => {
  for (const [name, options, query] of [
    ["preset-dark", { colorScheme: "dark" }, "?preset=hot-key"],
    ["preset-room", {}, "?preset=hot-key&present"],
    ["preset-phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }, "?preset=hot-key"],
  ]) {
    const page = await open(site.url(query), options);
    const link = await share(page);
    assert.equal(link, site.url("#s=hot-key"), name);
    assert.equal(await readCode(page), link, name);
    await picture(page, name);
    const { width, scroll } = await page.evaluate(() => ({ width: innerWidth, scroll: document.documentElement.scrollWidth }));
    assert.ok(scroll <= width, `${name}: nothing is wider than the screen`);
    await close(page);
  }
  const page = await open(site.url("#s=hot-key&stream.shards=5&nonsense=1"));
  await until(async () => (await shards(page).inputValue()) === "5", "the preset is there, changed");
  assert.match(await verdict(page), /Not all that this link changes/);
  assert.match(await page.getByRole("alert").innerText(), /nonsense: a scenario has no such field/);
  await close(page);
});

test("the dialogue works by keyboard, copies, and gives the focus back", async () => {
  const page = await open(site.url(""), { permissions: ["clipboard-read", "clipboard-write"] });
  await button(page, "Share link").focus();
  await page.keyboard.press("Enter");
  await field(page).waitFor();
  await button(page, "Copy").focus();
  await page.keyboard.press("Enter");
  await until(async () => (await dialog(page).innerText()).includes("Copied."), "it says so");
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await field(page).inputValue());
  await page.keyboard.press("Escape");
  await until(async () => !(await dialog(page).isVisible()), "it is closed");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Share link");
  await close(page);
});

test("a scenario with a problem has no link, and says why", async () => {
  const page = await open();
  await setShards(page, "none");
  await button(page, "Share link").click();
  await until(async () => (await dialog(page).innerText()).includes("Shards"), "the field is named");
  assert.match(await dialog(page).innerText(), /A link needs a scenario without problems/);
  assert.equal(await field(page).count(), 0);
  await close(page);
});

test("a damaged, cut or newer link says so, and the page can be used", async () => {
  const link = command("link", "hot-key").trim();
  for (const [bad, says] of [
    [link.slice(0, -9), /cut off/],
    [link.replace(/.(.{10})$/, (all, rest) => (all[0] === "A" ? "B" : "A") + rest), /damaged/],
    [link.replace("#k1", "#k2"), /newer version/],
    ["#kaleidoscope", /not a link/],
    ["#s=nothing", /no preset called “nothing”/],
  ]) {
    const page = await open(site.url(bad));
    await until(async () => says.test(await verdict(page)), `${bad}: ${says}`);
    await button(page, "Understood").click();
    assert.match(await verdict(page), /\?$/);
    await button(page, "Run").click();
    await until(() => button(page, "Pause").isVisible(), "it runs");
    await close(page);
  }
});

test("own work comes back, and a link does not take its place", async () => {
  const page = await open();
  await setShards(page, 9);
  await until(() => page.evaluate(() => /"shards": ?9\b/.test(localStorage.getItem("streamgauge.work"))), "it is kept");
  await page.reload();
  await until(async () => (await shards(page).inputValue()) === "9", "it is back");
  assert.match(await page.getByRole("status").first().innerText(), /Your scenario of \w{3} \d\d \d{4} \d\d:\d\d is back/);

  const link = command("link", "slow-consumer").trim();
  await page.evaluate((link) => { location.hash = link; }, link);
  await until(async () => (await shards(page).inputValue()) === "12", "the link is open");
  await picture(page, "notice");
  assert.ok(await page.evaluate(() => /"shards": ?9\b/.test(localStorage.getItem("streamgauge.work"))), "still kept");
  await button(page, "Back to my scenario").click();
  await until(async () => (await shards(page).inputValue()) === "9", "and back");

  // Changing what came by link keeps both.
  await page.goto(site.url("#s=hot-key"));
  await page.reload();
  await until(async () => (await page.locator("#preset").inputValue()) === "hot-key", "the link is open");
  await setShards(page, 3);
  await until(() => page.evaluate(() => /"shards": ?3\b/.test(localStorage.getItem("streamgauge.work"))), "it is kept");
  assert.ok(await page.evaluate(() => /"shards": ?9\b/.test(localStorage.getItem("streamgauge.earlier"))), "as is the first");
  await close(page);
});

test("a browser that keeps nothing says so once", async () => {
  const page = await watchedPage(browser, site);
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await page.goto(site.url(""));
  await setShards(page, 4);
  await until(async () => (await page.getByRole("status").first().innerText()).includes("does not keep"), "it says so");
  await close(page);
});
