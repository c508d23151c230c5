// The worker inside the sandboxed page. It holds the engine's module and nothing else: first it takes away what a
// worker could reach the world with, then it runs the engine in short turns and sends frames on credit.
//
// From the page: {type: "open", id, scenario, pump?}, {type: "close"}, {type: "credit", n}, {type: "ping", n}.
// To the page:   {type: "ready"}, {type: "opened", id}, {type: "refused", id, message}, {type: "frames", id, buffer},
//                {type: "done", id, summary}, {type: "pong", n}, {type: "failed", id, message}.
// A new "open" at any time abandons the run before and sets the credit to zero. `pump` fixes the number of events of
// one call into the engine, for the tests that show that it makes no difference.

"use strict";
(() => {
  // What this script itself needs, taken before the rest goes.
  const { Module, Instance } = WebAssembly;
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

  function open({ id, scenario, pump }) {
    run = null;
    credit = 0;
    // A fresh instance: no run can leave anything behind for the next.
    const engine = new Instance(module, {}).exports;
    const text = encoder.encode(scenario);
    const start = engine.sg_alloc(text.length) >>> 0;
    new Uint8Array(engine.memory.buffer, start, text.length).set(text);
    if (engine.sg_open(start, text.length) === 0) {
      run = { id, engine, pump: pump > 0 ? pump : 0, end: 0 };
      post({ type: "opened", id });
    } else {
      post({ type: "refused", id, message: outputText(engine) });
    }
  }

  // Sends frames while there are some and there is credit; says whether none are left.
  function sendFrames() {
    const { engine } = run;
    while (credit > 0) {
      if (engine.sg_take_frames(FRAMES_BYTES) === 0) return true;
      const buffer = output(engine);
      credit -= 1;
      post({ type: "frames", id: run.id, buffer }, [buffer]);
    }
    return false;
  }

  function finish() {
    const { id, engine, end } = run;
    run = null;
    if (end === 1) {
      engine.sg_summary();
      post({ type: "done", id, summary: outputText(engine) });
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
      while (run.end === 0 && credit > 0 && clock() - start < TURN_MS) {
        const before = clock();
        run.end = run.engine.sg_pump(run.pump || events);
        const took = clock() - before;
        const factor = Math.min(2, Math.max(0.25, CALL_MS / Math.max(took, 0.1)));
        events = Math.min(EVENTS_MAX, Math.max(EVENTS_MIN, Math.floor(events * factor)));
      }
      const allSent = sendFrames();
      if (run.end !== 0 && allSent) finish();
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
      new Instance(module, {});
      post({ type: "ready" });
    } catch (error) {
      post({ type: "failed", id: 0, message: `The engine does not start in this browser: ${error}` });
    }
    turn.port1.onmessage = takeTurn;
    port.onmessage = hear;
  }, { once: true });
})();
