// Firefox, where it is installed, by the protocol that every browser speaks.

import { existsSync } from "node:fs";
import puppeteer from "puppeteer-core";

const known = [process.env.STREAMGAUGE_FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox",
  "/Applications/Firefox.app/Contents/MacOS/firefox"];

/// The program, or null.
export const firefox = known.find((file) => file !== undefined && existsSync(file)) ?? null;

/// A page of a fresh Firefox, and what closes it.
export async function openInFirefox(url) {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: firefox, headless: true });
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.goto(url);
  return [page, () => browser.close()];
}
