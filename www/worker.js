// The worker inside the sandboxed page. It holds the engine's module and nothing else: first it takes away what a
// worker could reach the world with, then it runs the engine in short turns and sends frames on credit.
//
// From the page: {type: "open", id, scenario, pump?, code?}, {type: "close"}, {type: "credit", n}, {type: "ping", n},
//                {type: "try", id, scenario, consumer, code, event?}.
// To the page:   {type: "ready"}, {type: "opened", id}, {type: "refused", id, message},
//                {type: "frames", id, buffer, rows}, {type: "done", id, summary, rows}, {type: "pong", n},
//                {type: "failed", id, message}, {type: "tried", id, result}.
// `code` lists what consumers run, [{consumer, code | module}]; `rows` tell what it did, as JSON, empty where it did
// nothing. Without the script that runs handlers before this one there is no code to run.
// A new "open" at any time abandons the run before and sets the credit to zero. `pump` fixes the number of events of
// one call into the engine, for the tests that show that it makes no difference.

"use strict";
(() => {
  // What this script itself needs, taken before the rest goes.
  const { Module, Instance } = WebAssembly;
  const handlers = typeof streamgaugeHandlers === "object" ? streamgaugeHandlers : null;
  const clock = performance.now.bind(performance);
  const listen = addEventListener.bind(self);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const turn = new MessageChannel();

  // The language stays; whatever the browser adds to it goes. A list of what may stay cannot be outdated by a new
  // browser, a list of what must go can. The frame's policy forbids the network already: this is the second wall.
  const language = new Set(
    ("Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise " +
      "RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError JSON Math " +
      "Intl ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array " +
      "Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set WeakMap WeakSet WeakRef Proxy Reflect " +
      "FinalizationRegistry decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval isFinite " +
      "isNaN globalThis self constructor").split(" "),
  );
  for (let holder = globalThis; holder && holder !== Object.prototype; holder = Object.getPrototypeOf(holder)) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      if (language.has(name)) continue;
      // A name that cannot be taken away is covered by an empty one.
      if (!Reflect.deleteProperty(holder, name)) {
        Reflect.defineProperty(holder, name, { value: undefined, writable: false });
      }
    }
  }

  // A turn is short, so that pings are answered and a new scenario is heard; a call is shorter, so that a turn can
  // end in time. Both are measured only to choose how much to do: the run does not depend on it.
  const TURN_MS = 20;
  const CALL_MS = 5;
  const EVENTS_MIN = 64;
  const EVENTS_MAX = 1 << 22;
  const FRAMES_BYTES = 256 * 1024;

  let module = null;
  let tools = null;
  let port = null;
  let run = null;
  let credit = 0;
  let events = 4096;
  let scheduled = false;

  const post = (message, transfer) => port.postMessage(message, transfer ?? []);

  function output(engine) {
    const start = engine.sg_out_ptr() >>> 0;
    return engine.memory.buffer.slice(start, start + (engine.sg_out_len() >>> 0));
  }

  const outputText = (engine) => decoder.decode(output(engine));

  // Puts a text where the engine reads its input.
  function input(engine, text) {
    const bytes = encoder.encode(text);
    const start = engine.sg_alloc(bytes.length) >>> 0;
    new Uint8Array(engine.memory.buffer, start, bytes.length).set(bytes);
    return [start, bytes.length];
  }

  // A fresh instance: no run can leave anything behind for the next.
  function fresh(scenario) {
    const engine = new Instance(module, {}).exports;
    const refused = engine.sg_open(...input(engine, scenario)) !== 0;
    return { engine, refused };
  }

  function open({ id, scenario, pump, code }) {
    run = null;
    credit = 0;
    const { engine, refused } = fresh(scenario);
    if (refused) {
      post({ type: "refused", id, message: outputText(engine) });
      return;
    }
    const given = handlers !== null && code?.length > 0;
    const runs = given ? { code: handlers.code(tools, code), rows: new handlers.Rows() } : null;
    run = { id, engine, pump: pump > 0 ? pump : 0, end: 0, runs };
    post({ type: "opened", id });
  }

  // Runs the code of consumers until nobody waits for it or the turn is over; whether nobody waits.
  function answer(engine, runs, start) {
    while (engine.sg_ask() !== 0) {
      const { answer: said, ...seen } = runs ? runs.code.handle(new Uint8Array(output(engine))) : { answer: { kind: 0 } };
      if (seen.head?.window) {
        input(engine, said.state ?? "");
        engine.sg_keep_state();
      }
      input(engine, said.kind === 2 ? said.failed.join("\n") : (said.said ?? ""));
      engine.sg_answer(said.kind, said.took ?? 0, said.init ?? 0);
      if (seen.outcome) runs.rows.add(seen, said);
      if (clock() - start >= TURN_MS) return false;
    }
    return true;
  }

  // One event through code that may be no part of a run: the given one, or the first that the scenario has for it.
  function tryOut({ id, scenario, consumer, code, event }) {
    const tried = handlers.code(tools, [{ consumer, ...code }]);
    const { engine, refused } = fresh(scenario);
    if (refused) throw new Error(outputText(engine));
    const start = clock();
    for (let end = 0; (end === 0 || end === 4) && clock() - start < 1_000;) {
      end = engine.sg_pump(events);
      while (end === 4 && engine.sg_ask() !== 0) {
        const question = new Uint8Array(output(engine));
        const result = handlers.Rows.tried(tried, question, consumer, event);
        if (result !== null) {
          post({ type: "tried", id, result });
          return;
        }
        input(engine, "");
        engine.sg_answer(0, 0, 0);
      }
    }
    throw new Error("No batch comes to this consumer.");
  }

  // Sends frames while there are some and there is credit; says whether none are left.
  function sendFrames() {
    const { engine } = run;
    while (credit > 0) {
      if (engine.sg_take_frames(FRAMES_BYTES) === 0) return true;
      const buffer = output(engine);
      credit -= 1;
      post({ type: "frames", id: run.id, buffer, rows: run.runs?.rows.take() ?? "" }, [buffer]);
    }
    return false;
  }

  function finish() {
    const { id, engine, end, runs } = run;
    run = null;
    if (end === 1) {
      engine.sg_summary();
      const code = runs ? JSON.stringify(runs.code.reports()) : "";
      post({ type: "done", id, summary: outputText(engine), rows: runs?.rows.take() ?? "", code });
    } else {
      const message = end === 2
        ? "More records wait than the engine keeps, so the run cannot go on."
        : "The engine lost its run.";
      post({ type: "failed", id, message });
    }
  }

  function takeTurn() {
    scheduled = false;
    if (run === null) return;
    const start = clock();
    try {
      // Without credit nothing runs ahead, so what is not taken stays small.
      while ((run.end === 0 || run.end === 4) && credit > 0 && clock() - start < TURN_MS) {
        if (run.end === 4) {
          if (!answer(run.engine, run.runs, start)) break;
          run.end = 0;
        }
        const before = clock();
        run.end = run.engine.sg_pump(run.pump || events);
        const took = clock() - before;
        const factor = Math.min(2, Math.max(0.25, CALL_MS / Math.max(took, 0.1)));
        events = Math.min(EVENTS_MAX, Math.max(EVENTS_MIN, Math.floor(events * factor)));
      }
      const allSent = sendFrames();
      if (run.end !== 0 && run.end !== 4 && allSent) finish();
      else if (credit > 0) schedule();
    } catch (error) {
      const id = run.id;
      run = null;
      post({ type: "failed", id, message: `The engine failed: ${error}` });
    }
  }

  // A message to oneself comes back after the messages that wait already, and no timer slows it down.
  function schedule() {
    if (!scheduled && run !== null) {
      scheduled = true;
      turn.port2.postMessage(null);
    }
  }

  function hear({ data }) {
    if (data.type === "ping") {
      post({ type: "pong", n: data.n });
    } else if (data.type === "open") {
      try {
        open(data);
      } catch (error) {
        run = null;
        post({ type: "failed", id: data.id, message: `The engine failed: ${error}` });
      }
    } else if (data.type === "try") {
      try {
        tryOut(data);
      } catch (error) {
        post({ type: "tried", id: data.id, result: JSON.stringify({ error: error.message }) });
      }
    } else if (data.type === "close") {
      run = null;
    } else if (data.type === "credit") {
      credit += data.n;
      schedule();
    }
  }

  listen("message", (event) => {
    port = event.ports[0];
    try {
      module = new Module(event.data.engine);
      const given = event.data.tools;
      const compiled = (name) => (given?.[name] ? new Module(given[name]) : null);
      tools = { javascript: compiled("quickjs"), meter: compiled("meter") };
      new Instance(module, {});
      post({ type: "ready" });
    } catch (error) {
      post({ type: "failed", id: 0, message: `The engine does not start in this browser: ${error}` });
    }
    turn.port1.onmessage = takeTurn;
    port.onmessage = hear;
  }, { once: true });
})();
