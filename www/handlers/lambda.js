// What Lambda puts around a handler, inside the sandboxed engine: chance, timers, modules, and one invocation after
// the other. The host drives it through the functions that are added to the box at the end.
//
// The clock is the engine's own and the host's to move: by fuel, and by waits for timers. Nothing here asks the world.
// From the host: box.exit(code), which does not return.
"use strict";
(box) => {
  const { defineProperty, keys } = Object;
  const { log, exit, hide, plain, inspect, format, console, Buffer, TextEncoder, TextDecoder, LINE_MAX } = box;
  const TIMERS_MAX = 1000;
  // Taken before a handler can replace it, as tests with a clock of their own do.
  const clock = Date.now;
  const absent = (what) => new Error(`${what} is not there: a handler in this box reaches no network and no files.`);

  // --- Chance: sfc32, seeded by the host for each environment and each invocation. ---

  let [a, b, c, d] = [1, 2, 3, 4];
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t | 0;
    return t >>> 0;
  };
  const seed = (parts) => {
    [a, b, c, d] = parts.map((part) => part | 0);
    for (let i = 0; i < 12; i++) next();
  };
  Math.random = () => (next() * 2097152 + (next() >>> 11)) / 9007199254740992;
  const fillRandom = (array) => {
    const bytes = plain(array);
    for (let i = 0; i < bytes.length; i++) bytes[i] = next();
    return array;
  };
  const randomUUID = () => {
    const bytes = fillRandom(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };

  // --- Timers on virtual time. They live with the environment, as on Lambda: what is left over fires later. ---

  let timers = [];
  let timerId = 0;
  class Timeout {
    constructor(at, every, work, values) {
      Object.assign(this, { id: ++timerId, at, every, work, values });
    }
    ref() { return this; }
    unref() { return this; }
    hasRef() { return true; }
    refresh() { return this; }
    [Symbol.toPrimitive]() { return this.id; }
    [Symbol.dispose]() { clear(this); }
  }
  const insert = (timer) => {
    let place = timers.length;
    while (place > 0 && timers[place - 1].at > timer.at) place--;
    timers.splice(place, 0, timer);
  };
  const after = (every) => (work, delay, ...values) => {
    if (typeof work !== "function") throw new TypeError('The "callback" argument must be of type function.');
    if (timers.length >= TIMERS_MAX) throw new RangeError(`The box keeps at most ${TIMERS_MAX} timers.`);
    const wait = delay >= 1 && delay <= 2147483647 ? Math.trunc(delay) : 1;
    const timer = new Timeout(clock() + wait, every ? wait : 0, work, values);
    insert(timer);
    return timer;
  };
  const clear = (timer) => {
    const id = typeof timer === "object" && timer !== null ? timer.id : Number(timer);
    timers = timers.filter((one) => one.id !== id);
  };
  const setTimeout = after(false);
  const setInterval = after(true);
  const setImmediate = (work, ...values) => {
    const timer = setTimeout(work, 1, ...values);
    clear(timer);
    timer.at = clock();
    insert(timer);
    return timer;
  };

  // --- Modules. ---

  let random = { randomUUID, getRandomValues: fillRandom };
  const sleep = (delay, value) => new Promise((resolve) => setTimeout(resolve, delay, value));
  let born = 0;
  const process = {
    env: {}, argv: ["/var/lang/bin/node", "/var/runtime/index.mjs"], platform: "linux", arch: "x64", pid: 2,
    version: "", versions: { node: "" }, release: { name: "node" },
    cwd: () => "/var/task",
    exit: (code = 0) => exit(Number(code) | 0),
    nextTick: (work, ...values) => queueMicrotask(() => work(...values)),
    hrtime: Object.assign((before = [0, 0]) => {
      const now = performance.now() * 1e6 - (before[0] * 1e9 + before[1]);
      return [Math.floor(now / 1e9), Math.floor(now % 1e9)];
    }, { bigint: () => BigInt(Math.round(performance.now() * 1e6)) }),
    uptime: () => (clock() - born) / 1000,
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
    emitWarning: (warning) => console.warn(warning),
    on: () => process, once: () => process, off: () => process, removeListener: () => process,
    stdout: { write: (text) => (info(String(text).replace(/\n$/, "")), true) },
    stderr: { write: (text) => (console.error(String(text).replace(/\n$/, "")), true) },
  };
  const promisify = (work) => (...values) =>
    new Promise((resolve, reject) => {
      work(...values, (error, value) => (error ? reject(error) : resolve(value)));
    });
  const assert = Object.assign(
    (holds, message) => {
      if (!holds) throw message instanceof Error ? message : new Error(message ?? "The expression evaluated to a falsy value");
    },
    {
      equal: (one, other, message) => assert(one == other, message ?? `${inspect(one)} == ${inspect(other)}`),
      strictEqual: (one, other, message) =>
        assert(Object.is(one, other), message ?? `Expected values to be strictly equal:\n\n${inspect(one)} !== ${inspect(other)}\n`),
    },
  );
  assert.ok = assert;
  const modules = {
    assert,
    buffer: { Buffer, atob, btoa },
    crypto: {
      ...random, webcrypto: random,
      createHash: box.createHash,
      createHmac: box.createHmac,
      randomBytes: (size) => fillRandom(Buffer.alloc(size)),
      randomInt: (low, high) => (high === undefined ? Math.floor(Math.random() * low) : low + Math.floor(Math.random() * (high - low))),
    },
    perf_hooks: { performance },
    process,
    timers: { setTimeout, setInterval, setImmediate, clearTimeout: clear, clearInterval: clear, clearImmediate: clear },
    "timers/promises": { setTimeout: sleep, setImmediate: (value) => new Promise((resolve) => setImmediate(resolve, value)) },
    util: { format, inspect: (value, options) => inspect(value, options?.depth ?? 2), promisify, TextDecoder, TextEncoder },
  };
  const outside = new Set(
    "child_process cluster dgram dns fs fs/promises http http2 https inspector net os path readline stream tls worker_threads zlib"
      .split(" "),
  );
  const load = (name) => {
    const bare = String(name).replace(/^node:/, "");
    if (Object.hasOwn(modules, bare)) return modules[bare];
    const problem = outside.has(bare) || /^(?:aws-sdk|@aws-sdk\/|@smithy\/)/.test(bare)
      ? absent(`The module '${bare}'`)
      : new Error(`Cannot find module '${name}'\nRequire stack:\n- /var/task/index.js`);
    problem.code = "MODULE_NOT_FOUND";
    throw problem;
  };
  hide(globalThis, Symbol.for("streamgauge.load"), load);
  const source = (name) => {
    const found = load(name);
    const names = keys(found).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== "default");
    const text = `const found = globalThis[Symbol.for("streamgauge.load")](${JSON.stringify(name)});\nexport default found;\n`;
    return text + names.map((key) => `const $${key} = found.${key};\nexport { $${key} as ${key} };\n`).join("");
  };

  for (const [name, value] of Object.entries({
    Buffer, TextEncoder, TextDecoder, structuredClone: (value) => box.cloned(value), console, process, crypto: random,
    setTimeout, setInterval, setImmediate, clearTimeout: clear, clearInterval: clear, clearImmediate: clear,
    global: globalThis,
    fetch: () => Promise.reject(absent("fetch")),
  })) hide(globalThis, name, value);
  // Shared memory and waiting on it are of no use to one thread, and a queue of finalizers would run at odd times.
  for (const name of ["SharedArrayBuffer", "Atomics", "FinalizationRegistry", "WeakRef"]) delete globalThis[name];

  // --- One invocation. ---

  let handler = null;
  let run = null;
  /** Node 24 and later take what a handler returns without a promise, and no callback. */
  let modern = false;

  // What the language's own engine says differently from Node's.
  const sayings = new Map([["string too long", ["RangeError", "Invalid string length"]]]);
  const unreadable = {
    errorType: "handled",
    errorMessage:
      "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
  };
  const described = (error) => {
    try {
      if (error instanceof Error || (error?.name && error.message && error.stack)) {
        const known = error instanceof InternalError ? sayings.get(error.message) : undefined;
        const [name, message] = known ?? [String(error.name), String(error.message)];
        // Frames of this file are none of the handler's business.
        const frames = String(error.stack ?? "").split("\n").filter((line) => line.trim() && !line.includes("/var/runtime/"));
        return { errorType: name, errorMessage: message, trace: [`${name}: ${message}`, ...frames.slice(0, 32)] };
      }
      return { errorType: typeof error, errorMessage: String(error), trace: [] };
    } catch {
      return unreadable;
    }
  };
  const named = (name, message) => Object.assign(new Error(message), { name: `Runtime.${name}` });
  const renamed = (error, name) => {
    try {
      return Object.assign(named(name, String(error)), { stack: error?.stack ?? "" });
    } catch {
      return error;
    }
  };
  // Records arrive packed, because parsing the same names and addresses for each of them would take most of the time:
  // a line of JSON that all share, then four lines each.
  const unpacked = (text) => {
    if (text.charCodeAt(0) === 123) return JSON.parse(text);
    const lines = text.split("\n");
    const { shard, region, role, arn, quoted, more } = JSON.parse(lines[0].slice(1));
    const prefix = `${shard}:`;
    const count = lines.length;
    const records = [];
    let [arrivalText, arrival] = ["", 0];
    for (let at = 1, place = 0; at < count; place++) {
      const key = lines[at++];
      const sequenceNumber = lines[at++];
      const data = lines[at++];
      // Records that were put together often arrive together.
      if (arrivalText !== lines[at]) [arrivalText, arrival] = [lines[at], Number(lines[at])];
      at++;
      records[place] = {
        kinesis: {
          kinesisSchemaVersion: "1.0",
          // Where a key has the end of a line in it, all of them are written as JSON.
          partitionKey: quoted ? JSON.parse(key) : key,
          sequenceNumber,
          data,
          approximateArrivalTimestamp: arrival,
        },
        eventSource: "aws:kinesis",
        eventVersion: "1.0",
        eventID: prefix + sequenceNumber,
        eventName: "aws:kinesis:record",
        invokeIdentityArn: role,
        awsRegion: region,
        eventSourceARN: arn,
      };
    }
    return { Records: records, ...more };
  };
  const finish = (succeeded, value) => {
    if (run.done) return;
    run.done = true;
    let text;
    if (succeeded) {
      try {
        text = JSON.stringify(value === undefined ? null : value) ?? "null";
      } catch {
        succeeded = false;
        value = new Error("Unable to stringify response body");
      }
    }
    if (!succeeded) {
      text = JSON.stringify(described(value));
      log("ERROR", `Invoke Error \t${text.slice(0, LINE_MAX)}`);
    }
    run.reply = (succeeded ? "+" : "-") + text;
  };
  const exported = (object) => {
    const found = object?.handler ?? object?.default?.handler;
    if (found === undefined) throw named("HandlerNotFound", "index.handler is undefined or not exported");
    if (typeof found !== "function") throw named("HandlerNotFound", "index.handler is not a function");
    if (modern && found.length >= 3) {
      throw named(
        "CallbackHandlerDeprecated",
        "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need " +
          "to modify this function to use a supported handler signature to use Node.js 24 or later.",
      );
    }
    handler = found;
  };

  Object.assign(box, {
    // Before the code of an environment is loaded.
    prepare: (text) => {
      const { env, node, seed: parts } = JSON.parse(text);
      process.env = env;
      modern = node >= 24;
      process.version = `v${node}.0.0`;
      process.versions.node = `${node}.0.0`;
      seed(parts);
      born = clock();
    },
    // Runs the function that CommonJS code was wrapped into.
    commonjs: (wrapped) => {
      const module = { exports: {}, id: ".", filename: "/var/task/index.js", loaded: false, children: [], paths: [] };
      wrapped.call(module.exports, module.exports, load, module, module.filename, "/var/task");
      exported(module.exports);
    },
    // Takes the exports of an ECMAScript module.
    adopt: exported,
    source,
    looksLikeModule: (text) => (/^\s*(?:import|export)\b/m.test(text) ? 1 : 0),
    // What went wrong while code was loaded, as Lambda reports it.
    loadFailure: (error) => {
      let shown = error;
      if (error instanceof SyntaxError) shown = renamed(error, "UserCodeSyntaxError");
      else if (error?.code === "MODULE_NOT_FOUND") shown = renamed(error, "ImportModuleError");
      return JSON.stringify(described(shown));
    },
    failure: (error, name) => JSON.stringify(described(name ? renamed(error, name) : error)),
    begin: (eventText, contextText) => {
      const event = unpacked(eventText);
      const { seed: parts, deadline, context } = JSON.parse(contextText);
      seed(parts);
      run = { done: false, reply: "", waits: true, called: null };
      const mine = run;
      const settle = (succeeded, value) => { if (run === mine) finish(succeeded, value); };
      let first = true;
      const once = (work) => (...values) => {
        if (first) work(...values);
        first = false;
      };
      const done = once((error, value) => settle(error === undefined || error === null, error ?? value));
      Object.assign(context, {
        getRemainingTimeInMillis: () => Math.max(0, deadline - clock()),
        done,
        succeed: (value) => done(null, value),
        fail: (error) => done(error ?? "handled"),
      });
      defineProperty(context, "callbackWaitsForEmptyEventLoop", {
        enumerable: true, get: () => mine.waits, set: (value) => { mine.waits = value; },
      });
      const callback = once((error, value) => {
        if (error !== undefined && error !== null) settle(false, error);
        else if (mine.waits) mine.called = { value };
        else settle(true, value);
      });
      try {
        const result = handler(event, context, callback);
        if (result && typeof result.then === "function") {
          result.then((value) => done(null, value), (error) => done(error ?? "handled"));
        } else if (modern) done(null, result);
      } catch (error) {
        callback(error ?? "handled");
      }
    },
    // When there is nothing left to do now: -1 when the run is over, otherwise the instant of the next timer.
    poll: () => {
      if (run && !run.done && !timers.length) {
        // An event loop without anything to wait for ends the run, as it would end a process.
        if (run.called) finish(true, run.called.value);
        else if (handler.constructor?.name === "AsyncFunction") {
          finish(false, named(
            "NodeJsExit",
            "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a " +
              "Promise that was never settled. For more information, see " +
              "https://nodejs.org/docs/latest/api/process.html#exit-codes",
          ));
        } else finish(true, null);
      }
      return !run || run.done ? -1 : timers[0].at;
    },
    // While code is loaded: the instant of the next timer, or -1.
    nextTimer: () => (timers.length ? timers[0].at : -1),
    // Runs the first timer that is due.
    fire: () => {
      if (!timers.length || timers[0].at > clock()) return;
      const timer = timers.shift();
      if (timer.every) {
        timer.at = clock() + timer.every;
        insert(timer);
      }
      timer.work(...timer.values);
    },
    reply: () => run.reply,
  });
}
