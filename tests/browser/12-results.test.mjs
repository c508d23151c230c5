// Results of queries and of video streams on the page: at every place of the slider they are what the command line says.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { drop, until, watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";

const command = process.env.STREAMGAUGE_COMMAND ?? "target/debug/streamgauge";

const VIDEO = new URL("../golden/video/scenario.json", import.meta.url);
const ANALYTICS = new URL("../golden/analytics/scenario.json", import.meta.url);

/// What the command line says of a preset or a file.
const run = (what) =>
  JSON.parse(execFileSync(command, ["run", what, "--json"], { encoding: "utf8", maxBuffer: 1 << 28 }));

const slider = (page) => page.locator('input[type="range"]');
const results = (page, title) => page.getByRole("region", { name: `Results of ${title}`, exact: true });

async function open(query, options = {}) {
  const page = await watchedPage(browser, site, { reducedMotion: "reduce", ...options });
  await page.goto(site.url(query));
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

/// SQL is read on the command line, which writes it out into fields.
const planned = (file) => execFileSync(command, ["plan", file.pathname], { encoding: "utf8" });

async function opened(file, options = {}, query = "") {
  const page = await open(query, options);
  const max = await slider(page).getAttribute("max");
  await drop(page, "dropped.json", planned(file));
  await until(async () => (await slider(page).getAttribute("max")) !== max, "the dropped scenario is there");
  return page;
}

async function seek(page, second) {
  await slider(page).fill(String(second));
  await until(async () => Math.abs(Number(await slider(page).inputValue()) - second) < 0.01, `second ${second} is shown`, 60_000);
  await until(async () => !(await page.getByText("computing…").isVisible()), "nothing is being computed", 60_000);
}

/// A time of the run as its clock shows it.
const clock = (seconds) => `${Math.floor((seconds + 1e-6) / 60)}:${String(Math.floor(seconds + 1e-6) % 60).padStart(2, "0")}`;
const number = (text) => (text === "–" ? null : Number(text.replaceAll(",", "").replace("−", "-")));
const close = (a, b) => a === b || Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));
/// Fields show six decimals.
const equal = (shown, told, what) => assert.ok(close(shown, told), `${what}: ${shown} is shown, ${told} was told`);

/// The section shows the window that was answered last at an instant, as the command line has it.
async function shows(section, told, at) {
  const window = told.newest.findLast((window) => window.at_s <= at);
  if (window === undefined) {
    assert.equal(await section.locator(".answered").count(), 0, `nothing is answered at ${at}`);
    assert.match(await section.locator(".hint").textContent(), new RegExp(`first result comes at ${clock(told.newest[0].at_s)}\\.`));
    return;
  }
  const answered = await section.locator(".answered").textContent();
  assert.ok(answered.startsWith(`Window ${clock(window.start_s)} – ${clock(window.end_s)}, result at ${clock(window.at_s)}: `), answered);
  const shown = await section.locator("table.rows tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("td:not(.line)")].map((cell) => cell.textContent)));
  const wanted = window.first.slice(0, 10);
  assert.equal(shown.length, wanted.length, `rows at ${at}`);
  for (const [place, [name, ...values]] of wanted.entries()) {
    const [label, ...cells] = shown[place];
    if (typeof name === "string") assert.equal(label, name);
    values.forEach((value, measure) => equal(number(cells[measure]), value, `${name} at ${at}`));
  }
  const more = window.rows - wanted.length;
  assert.equal(await section.locator("tfoot").count(), more > 0 ? 1 : 0);
  if (more > 0) assert.equal(await section.locator("tfoot").textContent(), `and ${more.toLocaleString("en")} more`);
}

test("results follow the slider and are those of the command line", async () => {
  const told = run("live-counts");
  const { name, analytics } = told.consumers[0];
  const page = await open("?preset=live-counts");
  await page.getByRole("heading", { name: "How to read it" }).waitFor();
  const section = results(page, name);
  for (const at of [900, 5, 240, 330, 431, 600]) {
    await seek(page, at);
    await section.locator(".sql").waitFor({ timeout: 60_000 });
    await shows(section, analytics, at);
  }
  assert.equal(await section.locator(".sql").textContent(), analytics.query);
  assert.equal(await page.locator("iframe").count(), 1, "the box of the results is gone");
  // In the spike results come late, and say so; before it they do not.
  const latest = analytics.newest.reduce((most, window) => (window.at_s - window.end_s > most.at_s - most.end_s ? window : most));
  await seek(page, Math.min(900, Math.ceil(latest.at_s)));
  assert.equal(await section.locator(".after.late").count(), 1);
  await seek(page, 200);
  assert.equal(await section.locator(".after.late").count(), 0);
  // The windows before it can be read too.
  await seek(page, 900);
  await section.getByText("Earlier windows").click();
  const before = analytics.newest.slice(0, -1).reverse().slice(0, 100);
  const earlier = await section.locator(".earlier tbody tr").evaluateAll((rows) => rows.map((row) => row.cells[0].textContent));
  assert.deepEqual(earlier, before.map((window) => clock(window.end_s)));
  // What it costs stands beside it, as the bill has it.
  for (const line of told.bill.lines.filter((line) => /Analytics/.test(line.name))) {
    const row = section.locator("table.price tr").filter({ hasText: line.name.split(": ").at(-1) });
    assert.ok((await row.textContent()).includes(`$${line.month_usd.toFixed(2)}`), JSON.stringify(line));
  }
  assert.match(await section.textContent(), new RegExp(`Whole run: ${analytics.windows} windows with ${analytics.rows} rows`));
  page.assertClean();
  await page.context().close();
});

test("each query of a stream has its results, by sums, least groups and first rows", async () => {
  const told = run(ANALYTICS.pathname);
  const page = await opened(ANALYTICS);
  const end = Number(await slider(page).getAttribute("max"));
  for (const at of [end, Math.round(end / 3)]) {
    await seek(page, at);
    for (const { name, analytics } of told.consumers) {
      const section = results(page, name);
      await section.locator(".sql").waitFor({ timeout: 60_000 });
      if (analytics.newest.some((window) => window.at_s <= at)) await shows(section, analytics, at);
      assert.equal(await section.locator(".sql").textContent(), analytics.query);
    }
  }
  page.assertClean();
  await page.context().close();
});

test("a changed scenario has other results", async () => {
  const page = await open("?preset=live-counts");
  await seek(page, 900);
  const section = results(page, run("live-counts").consumers[0].name);
  const first = async () => (await section.locator("table.rows tbody tr").first().textContent()).replace(/^[A-Z]+/, "");
  await section.locator("table.rows").waitFor({ timeout: 60_000 });
  const before = await first();
  const base = page.locator("#scenario").getByLabel("Base rate", { exact: true }).first();
  await base.fill("600");
  await base.press("Tab");
  await seek(page, 900);
  await until(async () => (await section.locator("table.rows").count()) && (await first()) !== before, "the counts are others", 60_000);
  page.assertClean();
  await page.context().close();
});

test("video streams stand on the canvas and are those of the command line", async () => {
  const { video } = run(VIDEO.pathname);
  const page = await opened(VIDEO);
  await seek(page, 5);
  const section = page.getByRole("region", { name: "Video streams" });
  const cell = async (name) => (await section.locator("tr").filter({ hasText: name }).first().locator("td").nth(1).textContent());
  const early = number(await cell("Fragments sent"));
  await seek(page, 300);
  const { sent, taken, throttled } = video.fragments;
  assert.deepEqual([await cell("Fragments sent"), await cell("Taken"), await cell("Lost: over")].map(number), [sent, taken, throttled]);
  assert.ok(early > 0 && early < sent, `${early} of ${sent} after five seconds`);
  const gigabytes = (bytes) => bytes / 2 ** 30;
  for (const [name, bytes] of [["Ingested", video.bytes.taken], ["Read by GetMedia", video.bytes.get_media], ["Read by HLS", video.bytes.hls]]) {
    const shown = Number((await cell(name)).replaceAll(",", "").split("\u{a0}")[0]);
    assert.ok(Math.abs(shown - gigabytes(bytes)) <= Math.max(0.5, gigabytes(bytes) / 100), `${name}: ${shown} for ${bytes}`);
  }
  assert.match(await cell("GetMedia connections"), new RegExp(`^${video.get_media.connections} of 3, ${video.get_media.refused} refused$`));
  assert.match(await cell("HLS sessions"), new RegExp(`^${video.hls_sessions.sessions} of 10$`));
  for (const line of video.bill.lines) {
    const amounts = await section.locator("tr").filter({ hasText: line.name }).locator("td.n").allTextContents();
    assert.ok(amounts.some((text) => text.replaceAll(",", "") === `$${line.month_usd.toFixed(2)}`), `${line.name}: ${amounts} for ${line.month_usd}`);
  }
  const picture = page.getByRole("img", { name: "Video streams" });
  assert.match(await picture.textContent(), /fragments lost/);
  page.assertClean();
  await page.context().close();
});

const STATES = [
  ["light", { colorScheme: "light" }, ""],
  ["dark", { colorScheme: "dark" }, ""],
  ["room-light", { viewport: { width: 1920, height: 1080 }, colorScheme: "light" }, "present"],
  ["room-dark", { viewport: { width: 1920, height: 1080 }, colorScheme: "dark" }, "present"],
  ["phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }, ""],
];
for (const [name, options, query] of STATES) {
  test(`they can be read: ${name}`, async () => {
    const folder = process.env.STREAMGAUGE_PICTURES ?? "target/pictures";
    await mkdir(folder, { recursive: true });
    const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const page = await open(`?preset=live-counts&${query}`, options);
    await seek(page, 431);
    await page.locator(".answered").first().waitFor({ timeout: 60_000 });
    await page.waitForTimeout(400);
    await page.screenshot({ path: `${folder}/results-${name}.png`, fullPage: name === "phone" });
    assert.ok((await wide(page)) <= 0, "nothing is wider than the screen");
    await page.context().close();
    const film = await opened(VIDEO, options, `?${query}`);
    await seek(film, 68);
    await film.waitForTimeout(400);
    await film.screenshot({ path: `${folder}/video-${name}.png`, fullPage: name === "phone" });
    assert.ok((await wide(film)) <= 0, "nothing is wider than the screen");
    await film.context().close();
  });
}
