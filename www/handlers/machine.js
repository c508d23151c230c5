// One instance of the metered QuickJS: what it imports, and values inside it. The native host has the same in
// `src/handlers`.

import { CONFUSED, Exit, Stretch } from "./stretch.js";

const NS_PER_MS = 1e6;
/** WASI's error for a file that is not open: none is. */
const BAD_FILE = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One instance of the engine with its imports. */
export class Machine extends Stretch {
  constructor(engine) {
    // Imports are called by the instance, which does not exist while they are made.
    const link = { self: null };
    super(engine.module, imports(link), engine.limits);
    link.self = this;
    this.roots = engine.roots;
    this.rejections = [];
    this.start({ ms: 0, ns: 0 }, this.limits.full_cpu_mb, this.limits.init_ms, 0);
    this.born = 0n;
    if (engine.image) {
      const missing = engine.image.length - this.bytes().length;
      if (missing > 0) this.exports.memory.grow(missing / 65536);
      this.bytes().set(engine.image);
    }
  }

  /** Waits until an instant, in milliseconds since 1970; false when the time is over before. */
  waitUntil(ms) {
    if (!Number.isSafeInteger(ms) || ms < 0) throw new Exit(CONFUSED);
    const wait = (ms - this.now.ms) * NS_PER_MS - this.now.ns - this.elapsed;
    return wait <= 0 || this.wait(wait);
  }

  // --- What the engine calls. ---

  hostCall(name, values) {
    const { exports } = this;
    this.take(this.limits.host_call_fuel);
    const [first, second] = [this.word(values), this.word(values + 4)];
    if (name === 0x6c) {
      this.#log(this.text(first), second);
      return exports.qjs_get_undefined();
    }
    if (name === 0x74) {
      const { scratch } = this.roots;
      const buffer = exports.qjs_get_typed_array_buffer(first, scratch, scratch + 4, scratch + 8);
      const [offset, length] = [this.word(scratch), this.word(scratch + 4)];
      const data = exports.qjs_get_array_buffer(buffer, scratch);
      const made = exports.qjs_new_string(data + offset, data === 0 ? 0 : length);
      exports.qjs_free_value(buffer);
      return made;
    }
    if (name === 0x62) {
      const { scratch } = this.roots;
      const text = exports.qjs_get_string_len(first, scratch);
      const made = exports.qjs_new_uint8_array(text, this.word(scratch));
      exports.qjs_free_cstring(text);
      return made;
    }
    this.exitCode = exports.qjs_get_float64(first) & 255;
    throw new Exit(this.exitCode);
  }

  #log(level, value) {
    const bytes = this.utf8(value);
    this.take(bytes.length * this.limits.log_fuel_per_byte);
    this.keep(level, bytes);
  }

  rejected(promise, reason, handled) {
    const { exports } = this;
    const id = exports.qjs_get_value_ptr(promise);
    const place = this.rejections.findIndex((one) => one.id === id);
    if (handled === 0 && place < 0) {
      this.rejections.push({ id, promise, reason });
      return;
    }
    exports.qjs_free_value(promise);
    exports.qjs_free_value(reason);
    if (handled !== 0 && place >= 0) {
      const [known] = this.rejections.splice(place, 1);
      exports.qjs_free_value(known.promise);
      exports.qjs_free_value(known.reason);
    }
  }

  source(name, lengthAt) {
    const { exports } = this;
    const made = exports.qjs_new_string(name, exports.strlen(name));
    const result = this.call("source", made);
    exports.qjs_free_value(made);
    if (exports.qjs_is_exception(result)) {
      const exception = exports.qjs_get_exception();
      exports.qjs_throw(exception);
      exports.qjs_free_value(exception);
      return 0;
    }
    const bytes = this.utf8(result);
    exports.qjs_free_value(result);
    this.setWord(lengthAt, bytes.length);
    return this.place(bytes);
  }

  // --- Values. ---

  /** Copies bytes into the engine's memory, with a zero after them; to be freed there. */
  place(bytes) {
    const at = this.exports.wasm_malloc(bytes.length + 1) >>> 0;
    this.bytes().set(bytes, at);
    this.bytes()[at + bytes.length] = 0;
    return at;
  }

  string(bytes) {
    const at = this.place(bytes);
    const made = this.exports.qjs_new_string(at, bytes.length);
    this.exports.wasm_free(at);
    return made;
  }

  /** A copy of the text of a value, as UTF-8. */
  utf8(value) {
    const { exports } = this;
    this.setWord(this.roots.length, 0);
    const text = exports.qjs_get_string_len(value, this.roots.length) >>> 0;
    const bytes = this.bytes().slice(text, text + this.word(this.roots.length));
    exports.qjs_free_cstring(text);
    return bytes;
  }

  text(value) { return decoder.decode(this.utf8(value)); }

  call(name, ...values) {
    const { exports, roots } = this;
    values.forEach((value, at) => this.setWord(roots.values + 4 * at, value));
    return exports.qjs_call(roots[name], roots.undefined, values.length, roots.values);
  }

  evaluate(source, file, flags) {
    const { exports } = this;
    const [code, name] = [this.place(source), this.place(encoder.encode(file))];
    const result = exports.qjs_eval(code, source.length, name, flags);
    exports.wasm_free(code);
    exports.wasm_free(name);
    return result;
  }

  boot(sources) {
    const { exports } = this;
    exports._initialize();
    if (exports.qjs_init() !== 0) throw new Error("the JavaScript engine does not start");
    exports.qjs_set_max_stack_size(this.limits.stack_bytes);
    exports.qjs_set_promise_rejection_handler(1);
    exports.qjs_set_module_loader(1);
    const area = exports.wasm_malloc(64);
    this.roots = { scratch: area, length: area + 16, values: area + 32, undefined: exports.qjs_get_undefined() };
    const box = exports.qjs_new_object();
    const named = (name) => this.place(encoder.encode(name));
    for (const name of ["log", "text", "bytes", "exit"]) {
      const function_ = exports.qjs_new_host_function(named(name), name.length, 2);
      exports.qjs_set_prop_string(box, named(name), function_);
    }
    this.roots.take = 0;
    for (const source of sources) {
      this.roots.take = this.evaluate(encoder.encode(source), "/var/runtime/index.mjs", 0);
      const result = this.call("take", box);
      if (exports.qjs_is_exception(result)) throw new Error(this.text(exports.qjs_get_exception()));
    }
    for (const name of ROOTS) this.roots[name] = exports.qjs_get_prop_string(box, named(name));
  }
}

/** Functions of the prelude that the host calls. */
const ROOTS = [
  "prepare", "commonjs", "adopt", "source", "looksLikeModule", "loadFailure", "failure", "begin", "poll", "nextTimer",
  "fire", "reply",
];

/** What the engine imports. */
function imports(link) {
  return {
    env: {
      host_get_timezone_offset: () => 0,
      host_interrupt: () => 0,
      host_promise_rejection: (promise, reason, handled) => link.self.rejected(promise, reason, handled),
      host_module_normalize: (base, name) => link.self.exports.strdup(name),
      host_module_load: (name, length) => link.self.source(name, length),
      host_call: (name, nameLength, self, count, values) => link.self.hostCall(link.self.bytes()[name], values),
    },
    wasi_snapshot_preview1: {
      clock_time_get: (id, precision, at) => {
        const now = id === 0 ? link.self.instant : link.self.instant - link.self.born;
        link.self.setWord(at, Number(now & 0xffffffffn));
        link.self.setWord(at + 4, Number(now >> 32n));
        return 0;
      },
      fd_close: () => BAD_FILE,
      fd_fdstat_get: () => BAD_FILE,
      fd_seek: () => BAD_FILE,
      fd_write: () => BAD_FILE,
      random_get: (at, length) => {
        // Chance comes from the prelude, which is seeded.
        link.self.bytes().fill(0, at, at + length);
        return 0;
      },
    },
  };
}
