// A metered instance and the stretches of work on it: its memory, its fuel, the virtual time that fuel and waits make,
// its log, and every way in which such a stretch can end. For the engine of JavaScript and for compiled modules.
//
// Nothing here asks a clock or any other part of the world.

const NS_PER_MS = 1e6;
const INT_MAX = 2147483647;
/** What the depth counter holds after memory was refused. */
const MEMORY_REFUSED = -2147483648;
const { Instance, RuntimeError } = WebAssembly;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** How a stretch ended. The numbers are the native host's. */
export const Status = Object.freeze({ SUCCEEDED: 0, FAILED: 1, TIMED_OUT: 2, OUT_OF_MEMORY: 3, EXITED: 4, CRASHED: 5 });

/** Ends a run from inside an import; no code inside can catch it. */
export class Exit {
  constructor(code) { this.code = code; }
}

/** Reasons of an {@link Exit} that are no exit codes: the time is over; the code inside gave something impossible. */
export const OVERDUE = 256;
export const CONFUSED = 257;

export const errorReply = (errorType, errorMessage) => JSON.stringify({ errorType, errorMessage });

/** An instance with its counters. */
export class Stretch {
  constructor(module, imports, limits) {
    this.limits = limits;
    this.exports = new Instance(module, imports).exports;
    this.fuel = this.exports.streamgauge_fuel;
    this.depth = this.exports.streamgauge_depth;
    this.view = new Uint8Array(this.exports.memory.buffer);
  }

  bytes() {
    // Memory that grew leaves views of nothing behind, which is quicker to ask than for the memory's buffer.
    if (this.view.length === 0) this.view = new Uint8Array(this.exports.memory.buffer);
    return this.view;
  }

  word(at) {
    const bytes = this.bytes();
    return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  }

  setWord(at, value) {
    const bytes = this.bytes();
    for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (8 * i);
  }

  /** Begins a stretch of virtual time at `now`: MB of memory, milliseconds at most, bytes of the event. */
  start(now, memory, timeout, eventBytes) {
    const { limits } = this;
    this.cap = Math.min(INT_MAX, limits.fuel + Math.min(INT_MAX, eventBytes * limits.fuel_per_event_byte));
    this.now = now;
    this.memory = Math.min(memory, limits.full_cpu_mb);
    this.timeout = timeout * NS_PER_MS;
    this.waited = 0;
    this.logs = [];
    this.logBytes = 0;
    this.dropped = 0;
    this.exitCode = 0;
    this.granted = this.#allowance();
    this.fuel.value = this.granted;
    this.depth.value = limits.depth_bytes;
  }

  /** Fuel that the time left allows, and no more than the box gives to one run. */
  #allowance() {
    const time = Math.floor(((this.timeout - this.waited) * this.memory) / this.limits.full_cpu_mb);
    return Math.min(time, this.cap);
  }

  get used() { return this.granted - this.fuel.value; }

  /** Virtual time since the start, in nanoseconds: processor time from fuel, and waits. */
  get elapsed() { return this.waited + Math.floor((this.used * this.limits.full_cpu_mb) / this.memory); }

  /** The virtual instant, in nanoseconds since 1970. */
  get instant() { return BigInt(this.now.ms) * 1000000n + BigInt(this.now.ns + this.elapsed); }

  /** Takes fuel; the next check inside ends the run when there is none left. */
  take(fuel) { this.fuel.value = Math.max(this.fuel.value - fuel, -1); }

  /** Waits for so many nanoseconds; false when the time is over before. */
  wait(ns) {
    if (this.elapsed + ns >= this.timeout) {
      this.#runOut();
      return false;
    }
    const { used } = this;
    this.waited += ns;
    this.granted = this.#allowance();
    this.fuel.value = this.granted - used;
    return true;
  }

  #runOut() { this.waited += Math.max(0, this.timeout - this.elapsed); }

  /** Keeps a line of the log, or counts it. */
  keep(level, bytes) {
    const { log_lines: lines, log_bytes: most } = this.limits;
    if (this.logs.length >= lines || this.logBytes + bytes.length > most) {
      this.dropped += 1;
      return;
    }
    this.logBytes += bytes.length;
    this.logs.push({ at: this.elapsed, level, text: decoder.decode(bytes) });
  }

  /** Does `work`, which gives a status and a reply, and turns every way in which it can end into an outcome. */
  end(request, work) {
    let [status, reply, dead] = [Status.CRASHED, null, false];
    try {
      [status, reply, dead = false] = work();
      // The last step may have used more than there was without coming to a place where that is noticed.
      if (this.fuel.value < 0) [status, reply] = [Status.TIMED_OUT, null];
    } catch (error) {
      dead = true;
      if (error instanceof Exit) {
        if (error.code === OVERDUE) status = Status.TIMED_OUT;
        else if (error.code !== CONFUSED) status = Status.EXITED;
      } else if (this.fuel.value < 0) status = Status.TIMED_OUT;
      else if (this.depth.value === MEMORY_REFUSED) status = Status.OUT_OF_MEMORY;
      else if (this.depth.value >= 0 && !(error instanceof RuntimeError)) throw error;
    }
    const timedOut = status === Status.TIMED_OUT;
    const capped = timedOut && this.fuel.value < 0 && this.granted === this.cap;
    if (timedOut) this.#runOut();
    return {
      status, reply: reply ?? this.#words(status, request), capped, logs: this.logs, dropped: this.dropped,
      fuel: Math.min(this.used, this.granted), memory: this.bytes().length,
      duration: timedOut ? this.timeout : this.elapsed, init: null, dead: dead || timedOut,
    };
  }

  /** What Lambda says of a process that did not answer. */
  #words(status, request) {
    const exited = (how) => errorReply("Runtime.ExitError", `RequestId: ${request} Error: Runtime exited ${how}`);
    if (status === Status.TIMED_OUT) {
      const hundredths = String(Math.floor((this.timeout % 1e9) / 1e7)).padStart(2, "0");
      const seconds = `${Math.floor(this.timeout / 1e9)}.${hundredths}`;
      return errorReply("Sandbox.Timedout", `RequestId: ${request} Error: Task timed out after ${seconds} seconds`);
    }
    if (status === Status.CRASHED && this.depth.value < 0) return errorReply("RangeError", "Maximum call stack size exceeded");
    if (status === Status.OUT_OF_MEMORY) return exited("with error: signal: killed");
    if (status === Status.CRASHED) return exited("with error: signal: segmentation fault");
    return exited(this.exitCode ? `with error: exit status ${this.exitCode}` : "without providing a reason");
  }
}
