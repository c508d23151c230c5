// A static server as anybody's host is one: the site under a sub-path, compressed, without a header that helps it.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const KINDS = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".csv": "text/csv; charset=utf-8",
};

/// The folder that `cargo xtask build` wrote.
export const SITE = process.env.STREAMGAUGE_SITE ?? "dist";

/// Serves the site. `extra` gives further files by name, and replaces those of the site.
export async function serveSite(extra = {}) {
  const prefix = "/some/where/else/";
  const log = { bytes: 0, requests: [] };
  const packed = {};
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    log.requests.push(path);
    const name = path === prefix ? "index.html" : path.slice(prefix.length);
    const plain = path.startsWith(prefix) && /^(data\/)?[\w-]+\.\w+$/.test(name);
    const content = plain ? (extra[name] ?? (await readFile(join(SITE, name)).catch(() => null))) : null;
    if (content === null) {
      response.writeHead(404).end();
      return;
    }
    const brotli = /\bbr\b/.test(request.headers["accept-encoding"] ?? "");
    packed[name] ??= brotli ? brotliCompressSync(content) : gzipSync(content, { level: 9 });
    log.bytes += packed[name].length;
    const kind = KINDS[extname(name)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": kind, "Content-Encoding": brotli ? "br" : "gzip" }).end(packed[name]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    url: (name = "") => `${origin}${prefix}${name}`,
    log,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/// The names of the site's files, as its index gives them.
export async function siteNames() {
  const index = await readFile(join(SITE, "index.html"), "utf8");
  const named = (what) => index.match(new RegExp(`data-${what}="([^"]+)"`))[1];
  const names = ["page", "engine", "sandbox", "handlers", "quickjs", "meter"];
  return Object.fromEntries(names.map((name) => [name, named(name)]));
}

/// The text of one of the site's files.
export const siteFile = (name, encoding) => readFile(join(SITE, name), encoding);
