// Pictures of the page in its states, for eyes; the test itself only demands that each state can be reached.

import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { drop, until, watchedPage } from "./support/browser.mjs";
import { browser, site } from "./support/here.mjs";

const FOLDER = process.env.STREAMGAUGE_PICTURES ?? "target/pictures";

const desk = { width: 1440, height: 900 };
const room = { width: 1920, height: 1080 };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

const STATES = [
  { name: "first-visit-light", query: "?theme=light", viewport: desk },
  { name: "first-visit-dark", query: "?theme=dark", viewport: desk },
  { name: "spike-light", query: "?theme=light&t=520", viewport: desk },
  { name: "spike-dark", query: "?theme=dark&t=520", viewport: desk },
  { name: "end-light", query: "?theme=light&t=1500", viewport: desk },
  { name: "retries-light", query: "?theme=light&preset=with-retries&t=900", viewport: desk },
  { name: "kpl-light", query: "?theme=light&preset=with-the-kpl&t=520", viewport: desk },
  { name: "naive-scaling-dark", query: "?theme=dark&preset=naive-scaling&t=100000", viewport: desk },
  { name: "hot-key-light", query: "?theme=light&preset=hot-key&t=520", viewport: desk },
  { name: "slow-consumer-dark", query: "?theme=dark&preset=slow-consumer&t=800", viewport: desk },
  { name: "world-cup-light", query: "?theme=light&preset=world-cup-1998&t=80000", viewport: desk },
  { name: "two-consumers-light", query: "?theme=light&t=250", file: "two-consumers", viewport: desk },
  { name: "two-consumers-room-dark", query: "?theme=dark&present&t=250", file: "two-consumers", viewport: room },
  { name: "two-consumers-phone-light", query: "?theme=light&t=250", file: "two-consumers", ...phone },
  { name: "log-orders-light", query: "?theme=light&log&preset=many-consumers&t=500", viewport: desk },
  { name: "log-kcl-dark", query: "?theme=dark&log&preset=many-consumers&t=304", consumer: 1, viewport: desk },
  { name: "log-fan-out-light", query: "?theme=light&log&preset=many-consumers&t=480", consumer: 2, viewport: desk },
  { name: "log-parallel-dark", query: "?theme=dark&log&t=100", file: "parallel-poison", viewport: desk },
  { name: "log-bisect-light", query: "?theme=light&log&t=61", file: "bisect-and-items", viewport: desk },
  { name: "log-reshard-light", query: "?theme=light&log&preset=naive-scaling&t=2400", viewport: desk },
  { name: "log-room-dark", query: "?theme=dark&log&present&preset=many-consumers&t=500", viewport: room },
  { name: "log-room-light", query: "?theme=light&log&present&preset=with-enough-shards&t=520", viewport: room },
  { name: "log-phone-light", query: "?theme=light&log&preset=many-consumers&t=500", ...phone },
  { name: "log-phone-dark", query: "?theme=dark&log&preset=with-enough-shards&t=520", ...phone },
  { name: "handler-light", query: "?theme=light&handler&preset=poison-record&t=240", sample: "Book orders, and throw", viewport: desk },
  { name: "handler-dark", query: "?theme=dark&handler&preset=poison-record&t=240", sample: "Book orders, and report what failed", viewport: desk },
  { name: "handler-module-light", query: "?theme=light&handler&preset=poison-record&t=240", sample: "Rust: fail on a pattern", viewport: desk },
  { name: "handler-room-light", query: "?theme=light&handler&present&preset=poison-record&t=240", sample: "Book orders, and throw", viewport: room },
  { name: "handler-phone-light", query: "?theme=light&handler&preset=poison-record&t=240", sample: "Book orders, and throw", ...phone },
  { name: "room-light", query: "?theme=light&present&t=520", viewport: room },
  { name: "room-dark", query: "?theme=dark&present&t=520", viewport: room },
  { name: "phone-light", query: "?theme=light&t=520", ...phone },
  { name: "phone-sheet-dark", query: "?theme=dark&t=520&sheet", ...phone },
];

before(() => mkdir(FOLDER, { recursive: true }));

for (const { name, query, file: golden, consumer, sample, ...options } of STATES) {
  test(name, async () => {
    const page = await watchedPage(browser, site, { reducedMotion: "reduce", ...options });
    await page.goto(site.url(query));
    const wanted = Number(new URLSearchParams(query).get("t") ?? 0);
    const slider = page.locator('input[type="range"]');
    if (golden) {
      const text = await readFile(new URL(`../golden/${golden}/scenario.json`, import.meta.url), "utf8");
      const before = await slider.getAttribute("max");
      await drop(page, `${golden}.json`, text);
      await until(async () => (await slider.getAttribute("max")) !== before, "the dropped scenario is there");
      await slider.fill(String(wanted));
    }
    const there = async () => {
      const [at, end] = [Number(await slider.inputValue()), Number(await slider.getAttribute("max"))];
      return at >= Math.min(wanted, end) - 1;
    };
    if (sample) {
      await page.locator(".dh select").selectOption({ label: sample }, { force: true });
      await until(async () => Number(await slider.inputValue()) === 0, "the run starts over");
      await slider.fill(String(wanted));
    }
    if (consumer) await page.locator(".readers button").nth(consumer).click();
    await until(there, `the page shows second ${wanted}`, 60_000);
    await until(async () => !(await page.getByText("computing…").isVisible()), "nothing is being computed", 60_000);
    await page.waitForTimeout(400);
    const file = join(FOLDER, `${name}.png`);
    await page.screenshot({ path: file });
    // The picture in the README is only replaced when somebody asks for it.
    if (name === "spike-light" && process.env.STREAMGAUGE_REFRESH_PICTURE) await copyFile(file, "www/picture.png");
    page.assertClean();
    await page.context().close();
  });
}
