// The browser and the site for the tests of one file: there before its first test, gone after its last.

import { after, before } from "node:test";
import { launch } from "./browser.mjs";
import { serveSite } from "./site.mjs";

export let browser;
export let site;

before(async () => {
  browser = await launch();
  site = await serveSite();
});
after(async () => {
  await browser?.close();
  await site?.close();
});
