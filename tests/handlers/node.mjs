// Runs a handler's file under Node as Lambda's runtime would, and prints what came of it: nothing of this project is
// in between. Started with the file and the event: node node.mjs index.mjs event.json

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const [file, event] = process.argv.slice(2);
const logs = [];
for (const [name, level] of [["log", "INFO"], ["info", "INFO"], ["warn", "WARN"], ["error", "ERROR"]]) {
  console[name] = (...words) => logs.push([level, format(...words)]);
}
const loaded = await import(pathToFileURL(file));
const handler = loaded.handler ?? loaded.default.handler;
let found;
try {
  const reply = await handler(JSON.parse(await readFile(event, "utf8")), { awsRequestId: "request-1" });
  found = { reply: reply ?? null, logs };
} catch (error) {
  found = { error: error.name };
}
process.stdout.write(JSON.stringify(found));
