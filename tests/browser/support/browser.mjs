// A browser for the tests, and pages that notice every complaint and every request that leaves the site.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/// Starts the browser that `cargo xtask test` found or installed.
export function launch() {
  return chromium.launch({ executablePath: process.env.STREAMGAUGE_BROWSER ?? "/usr/bin/chromium", args: FLAGS });
}

/// A page that is watched. `page.complaints` lists console errors, uncaught errors, failed requests and requests to
/// anywhere but the site; `assertClean` demands that there are none.
export async function watchedPage(browser, site, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.complaints = complaints;
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error}`));
  context.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== site.origin && protocol !== "data:" && protocol !== "blob:") {
      complaints.push(`left the site: ${request.url()}`);
    }
  });
  page.assertClean = () => assert.deepEqual(complaints, [], "nothing complained and nothing left the site");
  return page;
}

/// Waits until `check` gives something true, and returns it.
export async function until(check, what, milliseconds = 30_000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`after ${milliseconds} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/// Drops a file on the page.
export async function drop(page, name, text) {
  const data = await page.evaluateHandle(
    ([name, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], name, { type: "text/csv" }));
      return data;
    },
    [name, text],
  );
  await page.getByRole("region", { name: "The run" }).dispatchEvent("drop", { dataTransfer: data });
}
