// Finds a size: asks for a goal and ranges, runs the search on several workers, each in a box, draws the frontier, and
// gives back what the chosen design changes. Fetched when somebody asks for it. Nothing runs before the button is
// pressed: until then the module only counts the designs and looks for problems.

import { element } from "../view/dom.js";
import { Box, Withdrawn } from "./box.js";
import { Form } from "./form.js";
import { fetchModule, sandbox } from "./module.js";
import { Result } from "./result.js";
import { Search } from "./search.js";

export { results } from "./results.js";

/** Boxes at most; more designs than sixteen are never under way. */
const WORKERS_MAX = 8;

let open = null;

/** What the design changes that somebody took over, as JSON: paths and values; empty where nobody did. */
export async function size(text) {
  const bytes = await fetchModule();
  // Asked twice, there is one dialogue.
  if (open !== null) return "";
  open = new Sizing(JSON.parse(text), bytes);
  const taken = await open.taken;
  open = null;
  return taken;
}

class Sizing {
  #document;
  #bytes;
  #boxes = [];
  #search = null;
  #plan = null;
  #chosen = "";

  constructor(scenario, bytes) {
    this.#document = scenario;
    this.#bytes = bytes;
    this.form = new Form(() => this.#ask(), () => this.#press());
    this.result = new Result((candidate) => this.#take(candidate));
    const close = element("button", { class: "btn" }, "Close");
    this.dialog = element("dialog", { class: "numbers sizing", "aria-label": "Find a size" },
      element("div", { class: "numbers-head" }, element("strong", {}, "Find a size"), close),
      element("div", { class: "numbers-body" }, this.form.element, this.result.element));
    close.addEventListener("click", () => this.dialog.close());
    // The scenario becomes another one: this search is not for it.
    const left = () => this.dialog.close();
    addEventListener("hashchange", left);
    this.taken = new Promise((resolve) => {
      this.dialog.addEventListener("close", () => {
        removeEventListener("hashchange", left);
        this.#keep(0);
        this.dialog.remove();
        if (this.#chosen !== "") document.querySelector(".transport .run")?.focus();
        resolve(this.#chosen);
      });
    });
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.#ask();
  }

  /** So many boxes are there from now on. */
  #keep(count) {
    this.#boxes.splice(count).forEach((box) => box.end());
    while (this.#boxes.length < count) this.#boxes.push(new Box(this.#bytes, sandbox()));
    return this.#boxes;
  }

  /** Has what is asked looked at: problems at their fields, or how many designs there are. Whether it can be searched. */
  async #ask(pressed = false) {
    const first = this.#plan === null;
    const asked = { document: this.#document, vary: first ? null : this.form.vary, goal: this.form.goal };
    try {
      const plan = await this.#keep(Math.max(1, this.#boxes.length))[0].ask({ ask: "plan", ...asked });
      if (this.form.tell(plan.problems ?? [], pressed)) {
        this.form.count.textContent = "";
        if (first) this.result.refuse(plan.problems);
        return null;
      }
      if (first) this.form.propose(plan);
      this.#plan = plan;
      this.form.count.textContent = `${plan.floors.length.toLocaleString("en")} design${plan.floors.length === 1 ? "" : "s"}`;
      if (this.result.plan === undefined) this.result.ask(plan);
      return { asked, plan };
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #fail(error) {
    if (error instanceof Withdrawn) return;
    this.form.tell([{ path: "", message: error.message }]);
    this.#keep(0);
  }

  async #press() {
    if (this.#search !== null) {
      this.#search.cancel();
      return;
    }
    const ready = await this.#ask(true);
    if (ready === null || this.#search !== null || !this.dialog.open) return;
    const cores = navigator.hardwareConcurrency || 2;
    // Where there are more than two, one is left to the page.
    const count = Math.min(WORKERS_MAX, cores > 2 ? cores - 1 : cores);
    const search = new Search([...this.#keep(count)], ready.asked, ready.plan);
    let cancelled = false;
    this.#search = { cancel: () => (cancelled ||= search.cancel()) };
    this.form.busy = true;
    this.result.begin(ready.plan, count);
    const inView = () => matchMedia("(max-width: 760px)").matches && this.result.element.scrollIntoView();
    inView();
    try {
      const report = await search.run(() => this.result.move(search));
      this.result.end(search, report, cancelled);
      this.form.found = search.best !== null;
      inView();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#search = null;
      this.form.busy = false;
      // The first box is kept, to look at what is asked next.
      if (this.dialog.open) this.#keep(1);
    }
  }

  #take(candidate) {
    this.#chosen = JSON.stringify(this.result.plan.edits[candidate]);
    this.dialog.close();
  }
}
