// The box without the page around it: a small page that starts the site's own sandbox and talks to the worker.

import { siteNames, siteFile } from "./site.mjs";
import { watchedPage } from "./browser.mjs";

// Runs in the browser.
function harness() {
  const { engine, sandbox, handlers, quickjs, meter } = document.documentElement.dataset;
  const state = { messages: [], relay: [], waiting: [] };
  const settle = () => {
    state.waiting = state.waiting.filter(({ wanted, resolve }) => {
      const index = state.messages.findIndex((message) => wanted.includes(message.type));
      if (index < 0) return true;
      resolve(state.messages.splice(index, 1)[0]);
      return false;
    });
  };
  const bytesOf = async (name) => (await fetch(name)).arrayBuffer();
  /** Starts a box, with what runs code in it or without. */
  window.startBox = async (withTools = false) => {
    const bytes = await bytesOf(engine);
    const tools = withTools ? { quickjs: await bytesOf(quickjs), meter: await bytesOf(meter) } : undefined;
    const script = withTools ? await (await fetch(handlers)).text() : undefined;
    const frame = document.createElement("iframe");
    for (const [name, value] of [["sandbox", "allow-scripts"], ["allow", ""], ["hidden", ""]]) {
      frame.setAttribute(name, value);
    }
    frame.src = sandbox;
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
    document.body.append(frame);
    await loaded;
    const { port1, port2 } = new MessageChannel();
    addEventListener("message", (event) => event.source === frame.contentWindow && state.relay.push(event.data));
    port1.onmessage = (event) => {
      state.messages.push(event.data);
      settle();
    };
    frame.contentWindow.postMessage({ type: "start", engine: bytes, tools, handlers: script }, "*", [port2]);
    Object.assign(state, { frame, port: port1 });
  };
  window.box = state;
  /** Takes the first message of one of these types, now or when it comes. */
  window.next = (...wanted) =>
    new Promise((resolve) => {
      state.waiting.push({ wanted, resolve });
      settle();
    });
  /** Runs a scenario to its end, handing out credit one by one. */
  window.runToEnd = async (id, scenario, pump, credit = 2, code = undefined) => {
    state.port.postMessage({ type: "open", id, scenario, pump, code });
    const answer = await next("opened", "refused", "failed");
    if (answer.type !== "opened") return answer;
    state.port.postMessage({ type: "credit", n: credit });
    let blocks = 0;
    let frames = 0;
    let largest = 0;
    let rows = "";
    for (;;) {
      const message = await next("frames", "done", "failed");
      rows += message.rows ? `${message.rows}\n` : "";
      if (message.type !== "frames") return { ...message, rows, blocks, frames, largest };
      // The place of the stream comes first.
      const [stream, ...block] = new Float64Array(message.buffer);
      blocks += 1;
      if (stream === 0) {
        if (block[0] !== frames) return { type: "gap", at: frames, got: block[0] };
        frames += block[1];
      }
      largest = Math.max(largest, message.buffer.byteLength);
      state.port.postMessage({ type: "credit", n: 1 });
    }
  };
}

/// Files for `serveSite`: the harness page, and what a test wants to replace.
export async function harnessFiles({ sandbox, engine } = {}) {
  const names = await siteNames();
  const index = await siteFile("index.html", "utf8");
  // The very policy of the page, so that the box is tested under it.
  const policy = index.match(/<meta http-equiv="Content-Security-Policy"[^>]*>/)[0];
  const page = `<!doctype html><html lang="en" data-engine="${names.engine}" data-sandbox="${names.sandbox}"
    data-handlers="${names.handlers}" data-quickjs="${names.quickjs}" data-meter="${names.meter}">
    <head><meta charset="utf-8">${policy}<title>Harness</title><link rel="icon" href="data:,">
    <script src="harness.js"></script></head><body></body></html>`;
  const files = { "harness.html": page, "harness.js": `(${harness})();` };
  if (sandbox) files[names.sandbox] = sandbox;
  if (engine) files[names.engine] = engine;
  return files;
}

/// A watched page with a started box.
export async function openBox(browser, site, { tools = false, ...options } = {}) {
  const page = await watchedPage(browser, site, options);
  await page.goto(site.url("harness.html"));
  await page.evaluate((tools) => startBox(tools), tools);
  return page;
}
