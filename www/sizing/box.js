// A box in which designs are run: the same sandboxed page and the same worker as the engine's, with another module.

import { element } from "../view/dom.js";

/** How long a box may take until its module is compiled, in milliseconds. */
const START_MS = 20_000;

export class Box {
  #port;
  #frame;
  #count = 0;
  #waiting = null;
  #timer = null;

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
    this.#timer = setTimeout(() => this.#fail("The search did not start in this browser."), START_MS);
  }

  /** The answer to a question; one at a time. */
  ask(question) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#count += 1;
      this.#port.postMessage({ type: "open", id: this.#count, scenario: JSON.stringify(question), code: [] });
      this.#port.postMessage({ type: "credit", n: 1 });
    });
  }

  /** Ends what runs in it. Who waits for an answer is told. */
  end() {
    this.#fail("");
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
    } else if (message?.type === "failed" || message?.type === "refused") {
      this.#fail(String(message.message));
    }
  }

  #fail(message) {
    clearTimeout(this.#timer);
    this.#waiting?.reject(new Error(message));
    this.#waiting = null;
  }
}
