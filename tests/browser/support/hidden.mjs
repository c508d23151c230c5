// A tab that is really hidden. Playwright tells every page that it is in front, so this one is driven without it,
// over the browser's own protocol.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FLAGS, until } from "./browser.mjs";

/// Opens `url` in a tab, calls `prepare` in it, puts another tab in front, and returns what `work` returns in the
/// hidden tab, with what the tab says about its visibility. Both are source text of expressions.
export async function inHiddenTab(url, prepare, work) {
  const profile = await mkdtemp(join(tmpdir(), "streamgauge-"));
  const program = process.env.STREAMGAUGE_BROWSER ?? "/usr/bin/chromium";
  const flags = ["--headless", "--remote-debugging-pipe", `--user-data-dir=${profile}`, ...FLAGS, "about:blank"];
  const browser = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const gone = new Promise((resolve) => browser.once("exit", resolve));
  try {
    const send = protocol(browser.stdio[3], browser.stdio[4]);
    const { targetId } = await send("Target.createTarget", { url });
    const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
    const evaluate = async (expression) => {
      const asked = { expression, awaitPromise: true, returnByValue: true };
      const { result, exceptionDetails } = await send("Runtime.evaluate", asked, sessionId);
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    const loaded = `location.href === ${JSON.stringify(url)} && document.readyState === "complete"`;
    await until(() => evaluate(loaded), "the page is loaded");
    await evaluate(prepare);
    await send("Target.createTarget", { url: "about:blank" });
    await evaluate("new Promise((resolve) => setTimeout(resolve, 1000))");
    const before = await evaluate("document.visibilityState");
    const result = await evaluate(work);
    return { before, result, after: await evaluate("document.visibilityState") };
  } finally {
    browser.kill();
    await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/// The protocol over two pipes: texts with a zero byte after each.
function protocol(input, output) {
  const waiting = new Map();
  let count = 0;
  let rest = "";
  output.setEncoding("utf8");
  output.on("data", (chunk) => {
    const texts = (rest + chunk).split("\0");
    rest = texts.pop();
    for (const text of texts) {
      const { id, result, error } = JSON.parse(text);
      const answer = waiting.get(id);
      waiting.delete(id);
      if (error) answer?.reject(new Error(error.message));
      else answer?.resolve(result);
    }
  });
  output.on("close", () => waiting.forEach(({ reject }) => reject(new Error("the browser went away"))));
  return (method, params, sessionId) =>
    new Promise((resolve, reject) => {
      count += 1;
      waiting.set(count, { resolve, reject });
      input.write(`${JSON.stringify({ id: count, method, params, sessionId })}\0`);
    });
}
