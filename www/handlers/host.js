// The host of JavaScript handlers in a page's worker and in Node: the metered QuickJS, one instance for each execution
// environment, its imports, and Lambda's rules around one invocation. The native host does the same, step by step; a
// test compares the two, so whoever changes one changes the other.
//
// Nothing here asks a clock or any other part of the world: time is fuel, and waits for timers.

import { Machine } from "./machine.js";
import { Exit, OVERDUE, Status, errorReply } from "./stretch.js";

export { ModuleEngine } from "./module.js";
export { Status };

const NS_PER_MS = 1e6;
// Taken before anybody can take it away, as the worker does.
const { Module } = WebAssembly;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A compiled engine and the image of its memory when everything around a handler is in place. */
export class HandlerEngine {
  /**
   * @param {BufferSource | WebAssembly.Module} module the metered engine
   * @param {string[]} sources the files of the prelude, in their order
   * @param {object} limits what stands in limits.json
   */
  constructor(module, sources, limits) {
    this.module = module instanceof Module ? module : new Module(module);
    this.limits = limits;
    const machine = new Machine(this);
    machine.boot(sources);
    this.roots = machine.roots;
    this.image = machine.bytes().slice();
  }

  /**
   * A new execution environment, in which the code has been loaded.
   * @param {object} settings code: string; memory: MB; env: JSON of an object; node: 22 or 24; seed: four integers;
   *   now: {ms, ns}, the instant since 1970
   */
  environment(settings) { return new Environment(this, settings); }
}

/** An execution environment: code that is loaded once, and module state that lives until it ends. */
class Environment {
  constructor(engine, settings) {
    this.engine = engine;
    this.settings = settings;
    /** Whether the next invocation begins by loading the code again. */
    this.dead = false;
    /** What happened when the code was loaded, as an outcome. */
    this.init = this.#load(settings.now, settings.seed);
  }

  #load(now, seed) {
    const { code, env, node } = this.settings;
    const machine = new Machine(this.engine);
    this.machine = machine;
    machine.start(now, machine.limits.full_cpu_mb, machine.limits.init_ms, 0);
    machine.born = machine.instant;
    const outcome = machine.end("init", () => {
      const { exports } = machine;
      const source = encoder.encode(code);
      const prepared = machine.string(encoder.encode(`{"env":${env},"node":${node},"seed":[${seed}]}`));
      exports.qjs_free_value(machine.call("prepare", prepared));
      exports.qjs_free_value(prepared);
      const wrapped = encoder.encode(`(function (exports, require, module, __filename, __dirname) { ${code}\n})`);
      const compiled = machine.evaluate(wrapped, "/var/task/index.js", 0);
      let failure = null;
      if (exports.qjs_is_exception(compiled)) {
        failure = machine.text(machine.call("loadFailure", exports.qjs_get_exception()));
        const text = machine.string(source);
        const isModule = exports.qjs_get_float64(machine.call("looksLikeModule", text)) === 1;
        exports.qjs_free_value(text);
        if (isModule) failure = this.#loadModule(machine, source);
      } else {
        const result = machine.call("commonjs", compiled);
        if (exports.qjs_is_exception(result)) failure = machine.text(machine.call("loadFailure", exports.qjs_get_exception()));
        else failure = this.#drain(machine);
      }
      return failure === null ? [Status.SUCCEEDED, "null"] : [Status.FAILED, failure];
    });
    this.dead = outcome.dead;
    return outcome;
  }

  #loadModule(machine, source) {
    const { exports } = machine;
    const failed = (error) => machine.text(machine.call("loadFailure", error));
    const promise = machine.evaluate(source, "/var/task/index.mjs", 1);
    if (exports.qjs_is_exception(promise)) return failed(exports.qjs_get_exception());
    for (;;) {
      const failure = this.#drain(machine, promise);
      if (failure !== null) return failure;
      const state = exports.qjs_promise_state(promise);
      if (state === 2) return failed(exports.qjs_promise_result(promise));
      if (state === 1) {
        const result = machine.call("adopt", exports.qjs_promise_result(promise));
        return exports.qjs_is_exception(result) ? failed(exports.qjs_get_exception()) : null;
      }
      // Waits at the top of a module.
      const at = exports.qjs_get_float64(machine.call("nextTimer"));
      if (at === -1) {
        // The process of a module that waits for nothing ends with this code.
        machine.exitCode = 13;
        throw new Exit(13);
      }
      if (!machine.waitUntil(at)) throw new Exit(OVERDUE);
      machine.take(machine.limits.turn_fuel);
      const fired = machine.call("fire");
      if (exports.qjs_is_exception(fired)) return failed(exports.qjs_get_exception());
    }
  }

  /** Runs jobs until none are left; what a promise was rejected with and nobody heard ends the process. */
  #drain(machine, own = 0) {
    const { exports } = machine;
    while (exports.qjs_is_job_pending() !== 0) {
      machine.take(machine.limits.job_fuel);
      if (exports.qjs_execute_pending_job() < 0) {
        return machine.text(machine.call("failure", exports.qjs_get_exception()));
      }
    }
    const mine = own === 0 ? 0 : exports.qjs_get_value_ptr(own);
    const unheard = machine.rejections.find((one) => one.id !== mine);
    if (unheard === undefined) return null;
    const name = machine.string(encoder.encode("UnhandledPromiseRejection"));
    return machine.text(machine.call("failure", unheard.reason, name));
  }

  /**
   * @param {Uint8Array} event JSON as UTF-8
   * @param {object} how now: {ms, ns}; timeout: ms; seed: four integers; request: its id; context: JSON of what the
   *   handler's context holds
   */
  invoke(event, { now, timeout, seed, request, context }) {
    let init = null;
    if (this.dead) {
      // As Lambda does after a crash or a timeout: a new process, the code loaded again within the next invocation.
      init = this.#load(now, seed);
      this.init = init;
    }
    if (this.init.status !== Status.SUCCEEDED) {
      // The code is loaded again with each invocation, and fails again.
      return { ...this.init, init, dead: true };
    }
    const { machine } = this;
    machine.start(now, this.settings.memory, timeout, event.length);
    const deadline = now.ms + Math.floor((now.ns + machine.timeout) / NS_PER_MS);
    const about = encoder.encode(`{"seed":[${seed}],"deadline":${deadline},"context":${context}}`);
    const outcome = machine.end(request, () => {
      const { exports } = machine;
      const [given, described] = [machine.string(event), machine.string(about)];
      const begun = machine.call("begin", given, described);
      exports.qjs_free_value(given);
      exports.qjs_free_value(described);
      if (exports.qjs_is_exception(begun)) return this.#died(machine, exports.qjs_get_exception());
      for (;;) {
        machine.take(machine.limits.turn_fuel);
        const failure = this.#drain(machine);
        if (failure !== null) return [Status.FAILED, failure, true];
        const polled = machine.call("poll");
        if (exports.qjs_is_exception(polled)) return this.#died(machine, exports.qjs_get_exception());
        const at = exports.qjs_get_float64(polled);
        exports.qjs_free_value(polled);
        if (at === -1) break;
        if (!machine.waitUntil(at)) return [Status.TIMED_OUT, null];
        const fired = machine.call("fire");
        if (exports.qjs_is_exception(fired)) return this.#died(machine, exports.qjs_get_exception());
        exports.qjs_free_value(fired);
      }
      const value = machine.call("reply");
      const reply = machine.utf8(value);
      exports.qjs_free_value(value);
      if (reply.length - 1 > machine.limits.reply_bytes) {
        const errorMessage =
          `Response payload size exceeded maximum allowed payload size (${machine.limits.reply_bytes} bytes).`;
        return [Status.FAILED, errorReply("Function.ResponseSizeTooLarge", errorMessage)];
      }
      return [reply[0] === 0x2b ? Status.SUCCEEDED : Status.FAILED, decoder.decode(reply.subarray(1))];
    });
    this.dead = outcome.dead;
    return { ...outcome, init };
  }

  /** An error that nothing in the process caught: reported, and the process ends. */
  #died(machine, exception) {
    return [Status.FAILED, machine.text(machine.call("failure", exception)), true];
  }
}
