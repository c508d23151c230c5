// A box in which designs are run: the same sandboxed page and the same worker as the engine's, with another module.

import { element } from "../view/dom.js";

/** How long a box may take until its module is compiled, in milliseconds. */
const START_MS = 20_000;

/** What is said to whoever waits for an answer that is not wanted any more. */
export class Withdrawn extends Error {}

export class Box {
  #port;
  #frame;
  #count = 0;
  #waiting = null;
  #timer = null;
  #broken = "";

  /** `module` is the bytes of the module; `page` is the address of the sandboxed page. */
  constructor(module, page) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#hear(data);
    // Scripts and nothing else; never `allow-same-origin`, which would let it out.
    this.#frame = element("iframe", {
      sandbox: "allow-scripts", allow: "", referrerpolicy: "no-referrer", "aria-hidden": "true", tabindex: "-1", hidden: true,
      title: "A box in which designs are run", src: page,
    });
    this.#frame.onload = () => {
      // The frame's origin has no name, so "*" is the only one to give; the frame is ours and holds nothing else.
      this.#frame.contentWindow.postMessage({ type: "start", engine: module, tools: {} }, "*", [port2]);
    };
    document.documentElement.append(this.#frame);
    this.#timer = setTimeout(() => this.#fail("The search did not start in this browser. Close this and try it again."), START_MS);
  }

  /** The answer to a question; one at a time: who waits for an earlier one waits no longer, and its run is given up. */
  ask(question) {
    this.#drop(new Withdrawn());
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#broken) {
        this.#drop(new Error(this.#broken));
        return;
      }
      this.#count += 1;
      this.#port.postMessage({ type: "open", id: this.#count, scenario: JSON.stringify(question), code: [] });
      this.#port.postMessage({ type: "credit", n: 1 });
    });
  }

  /** Gives up what is under way; it may be asked again. */
  withdraw() {
    this.#count += 1;
    this.#port.postMessage({ type: "close" });
    this.#drop(new Withdrawn());
  }

  /** Ends what runs in it. */
  end() {
    clearTimeout(this.#timer);
    this.#drop(new Withdrawn());
    this.#port.close();
    this.#frame.remove();
  }

  #hear(message) {
    if (message?.type === "ready") {
      clearTimeout(this.#timer);
    } else if (message?.type === "done" && message.id === this.#count && typeof message.summary === "string") {
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.resolve(JSON.parse(message.summary));
    } else if (message?.type === "failed" && message.id === 0) {
      this.#fail(String(message.message));
    } else if ((message?.type === "failed" || message?.type === "refused") && message.id === this.#count) {
      this.#drop(new Error(String(message.message)));
    }
  }

  /** It will answer nothing any more. */
  #fail(message) {
    clearTimeout(this.#timer);
    this.#broken = message;
    this.#drop(new Error(message));
  }

  #drop(error) {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(error);
  }
}
