// The console of a handler inside the sandboxed engine: what Node's would print, line by line.
//
// From the host: box.log(level, text), which keeps as many lines as an invocation may have.
"use strict";
(box) => {
  const { keys } = Object;
  const { log, plain, Buffer } = box;
  /** Longest line, in UTF-16 units; the rest is cut. */
  const LINE_MAX = 4096;

  const quoted = (text) => `'${JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
  const errorText = (error) => {
    const head = `${error.name ?? "Error"}${error.message ? `: ${error.message}` : ""}`;
    return typeof error.stack === "string" && error.stack ? `${head}\n${error.stack.trimEnd()}` : head;
  };
  const inspect = (value, depth = 2, seen = []) => {
    if (typeof value === "string") return quoted(value);
    if (typeof value === "bigint") return `${value}n`;
    if (Object.is(value, -0)) return "-0";
    if (typeof value === "function") {
      const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : value.constructor?.name ?? "Function";
      return value.name ? `[${kind}${kind === "class" ? "" : ":"} ${value.name}]` : `[${kind} (anonymous)]`;
    }
    if (typeof value !== "object" || value === null) return String(value);
    if (seen.includes(value)) return "[Circular *1]";
    if (value instanceof Error) return seen.length ? `[${errorText(value)}]` : errorText(value);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (value instanceof RegExp) return String(value);
    if (value instanceof Promise) return "Promise {}";
    if (value instanceof Buffer) return `<Buffer ${plain(value.subarray(0, 50)).toHex().replace(/..(?=.)/g, "$& ")}>`;
    const inside = [...seen, value];
    const name = Object.getPrototypeOf(value) === null ? "[Object: null prototype]" : value.constructor?.name ?? "Object";
    const list = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
    if (inside.length > depth + 1) return `[${list ? "Array" : name}]`;
    const show = (item) => inspect(item, depth, inside);
    let parts;
    let [open, close] = ["{", "}"];
    let prefix = name === "Object" || name === "Array" ? "" : `${name} `;
    if (list) {
      [open, close] = ["[", "]"];
      if (prefix) prefix = `${name}(${value.length}) `;
      parts = Array.from(value.slice(0, 100), show);
      if (value.length > 100) parts.push(`... ${value.length - 100} more items`);
    } else if (value instanceof Map) {
      prefix = `Map(${value.size}) `;
      parts = [...value].slice(0, 100).map(([key, item]) => `${show(key)} => ${show(item)}`);
    } else if (value instanceof Set) {
      prefix = `Set(${value.size}) `;
      parts = [...value].slice(0, 100).map(show);
    } else {
      const label = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));
      parts = keys(value).slice(0, 100).map((key) => `${label(key)}: ${show(value[key])}`);
    }
    if (!parts.length) return `${prefix}${open}${close}`;
    const line = `${prefix}${open} ${parts.join(", ")} ${close}`;
    if (line.length <= 76 && !line.includes("\n")) return line;
    const pad = "  ".repeat(inside.length);
    return `${prefix}${open}\n${pad}${parts.join(`,\n${pad}`)}\n${pad.slice(2)}${close}`;
  };
  const format = (first, ...rest) => {
    let text = typeof first === "string" ? first : inspect(first);
    if (typeof first === "string" && rest.length && first.includes("%")) {
      text = first.replace(/%([sdifjoOc%])/g, (whole, kind) => {
        if (kind === "%") return "%";
        if (!rest.length) return whole;
        const value = rest.shift();
        if (kind === "s") return typeof value === "object" && value !== null ? inspect(value, 0) : String(value);
        if (kind === "d") return typeof value === "bigint" ? `${value}n` : String(Number(value));
        if (kind === "i") return String(Number.parseInt(value, 10));
        if (kind === "f") return String(Number.parseFloat(value));
        if (kind === "j") return JSON.stringify(value);
        return kind === "c" ? "" : inspect(value, 4);
      });
    }
    for (const value of rest) text += ` ${typeof value === "string" ? value : inspect(value)}`;
    return text;
  };
  let indent = "";
  const print = (level) => (...values) => {
    const text = indent + (values.length ? format(...values) : "");
    log(level, text.length > LINE_MAX ? `${text.slice(0, LINE_MAX)}…` : text);
  };
  const counts = new Map();
  const started = new Map();
  const info = print("INFO");
  const elapsed = (label, rest) => {
    if (started.has(label)) info(`${label}: ${(performance.now() - started.get(label)).toFixed(3)}ms`, ...rest);
  };
  const console = {
    log: info, info, debug: print("DEBUG"), warn: print("WARN"), error: print("ERROR"), trace: print("TRACE"),
    dir: (value) => info(inspect(value)),
    table: (value) => info(inspect(value)),
    assert: (holds, ...values) => { if (!holds) console.error("Assertion failed", ...values); },
    group: (...values) => { if (values.length) info(...values); indent += "  "; },
    groupEnd: () => { indent = indent.slice(2); },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      info(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = "default") => { counts.delete(label); },
    time: (label = "default") => { started.set(label, performance.now()); },
    timeLog: (label = "default", ...rest) => elapsed(label, rest),
    timeEnd: (label = "default") => { elapsed(label, []); started.delete(label); },
  };

  Object.assign(box, { inspect, format, console, LINE_MAX });
}
