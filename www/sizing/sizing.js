// Finds a size: asks for a goal and ranges, runs the search on several workers, each in a box, draws the frontier, and
// gives back what the chosen design changes. Fetched when somebody asks for it. Every decision is made by the module
// in the boxes, which is the command line's own code; this only asks and draws.

import { element, say } from "../view/dom.js";
import { Box } from "./box.js";
import { dollars, plot, span } from "./plot.js";

const WORKERS_MAX = 4;

let module = null;

function fetchModule() {
  module ??= fetch(new URL(SIZE_MODULE, import.meta.url)).then(
    (response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error("the server answered without the file"))),
  );
  module.catch(() => (module = null));
  return module;
}

const sheet = element("link", { rel: "stylesheet", href: new URL(SIZE_SHEET, import.meta.url) });
const styled = new Promise((resolve) => (sheet.onload = sheet.onerror = resolve));
document.head.append(sheet);

/** What the design changes that somebody took over, as JSON: paths and values; empty where nobody did. */
export async function size(text) {
  const [bytes] = await Promise.all([fetchModule(), styled]);
  return new Promise((resolve) => new Sizing(JSON.parse(text), bytes, resolve));
}

class Sizing {
  #document;
  #bytes;
  #done;
  #boxes = [];
  #running = false;
  #ranges = [];
  #chosen = "";

  constructor(scenario, bytes, done) {
    this.#document = scenario;
    this.#bytes = bytes;
    this.#done = done;
    this.#build();
    this.dialog.showModal();
    this.#propose();
  }

  #build() {
    const field = (name, label, value, unit) => {
      const input = element("input", { class: "in", id: `size-${name}`, value, inputmode: "decimal" });
      this[name] = input;
      return element("label", {}, `${label} `, input, ` ${unit}`);
    };
    this.fields = element("fieldset", {});
    this.button = element("button", { class: "btn run", type: "submit" }, "Search");
    this.progress = element("p", { class: "hint", role: "status" });
    this.problems = element("div", { role: "alert" });
    this.result = element("div", {});
    const form = element("form", { onsubmit: (event) => this.#press(event) },
      element("div", { class: "goal" },
        field("lag", "99 % done within", "60", "s"),
        field("lost", "lost at most", "0", "records"),
        field("cost", "at most", "", "$ in 30 days")),
      this.fields,
      element("div", { class: "goal" }, this.button, this.progress));
    this.dialog = element("dialog", { class: "numbers sizing", "aria-label": "Find a size", onclose: () => this.#close() },
      element("div", { class: "numbers-head" },
        element("strong", {}, "Find a size"),
        element("button", { class: "btn", onclick: () => this.dialog.close() }, "Close")),
      element("div", { class: "numbers-body" },
        element("p", {}, "The cheapest design that meets the goal, and the frontier of cost against lag, by running the engine."),
        form, this.problems, this.result));
    document.body.append(this.dialog);
  }

  #goal() {
    const cost = this.cost.value.trim();
    return `lag=${this.lag.value.trim()}s,lost=${this.lost.value.trim()}${cost ? `,cost=${cost}` : ""}`;
  }

  #box() {
    const page = new URL(document.documentElement.dataset.sandbox, document.baseURI).href;
    const box = new Box(this.#bytes, page);
    this.#boxes.push(box);
    return box;
  }

  #end() {
    this.#boxes.forEach((box) => box.end());
    this.#boxes = [];
    this.#running = false;
    say(this.button, "Search");
  }

  #close() {
    this.#end();
    this.dialog.remove();
    this.#done(this.#chosen);
  }

  #tell(problems) {
    this.problems.replaceChildren(...problems.map((problem) => element("p", { class: "hint wrong" }, problem)));
  }

  /** Asks which ranges are worth it, and shows them to be changed. */
  async #propose() {
    try {
      const plan = await this.#box().ask({ ask: "plan", document: this.#document, vary: null, goal: this.#goal() });
      this.#tell(plan.problems ?? []);
      this.#ranges = (plan.vary ?? []).map((text) => {
        const at = text.indexOf("=");
        const input = element("input", { class: "in", value: text.slice(at + 1), "aria-label": text.slice(0, at) });
        return { path: text.slice(0, at), input };
      });
      this.fields.replaceChildren(
        element("legend", {}, "Varied: lists, or 1..64 to double, 1..64+1 to step; an empty field leaves it as it is"),
        ...this.#ranges.map(({ path, input }) => element("label", {}, element("span", {}, path), input)));
      if (!plan.problems) say(this.progress, `${plan.floors.length} designs`);
    } catch (error) {
      if (error.message) this.#tell([error.message]);
    } finally {
      if (!this.#running) this.#end();
    }
  }

  async #press(event) {
    event.preventDefault();
    if (this.#running) {
      this.#end();
      say(this.progress, "Cancelled.");
      return;
    }
    this.#end();
    this.#running = true;
    say(this.button, "Cancel");
    this.#tell([]);
    this.result.replaceChildren();
    try {
      await this.#search();
    } catch (error) {
      if (error.message) this.#tell([error.message]);
    } finally {
      if (this.#running) this.#end();
    }
  }

  async #search() {
    const goal = this.#goal();
    const ranges = this.#ranges.filter(({ input }) => input.value.trim() !== "");
    const vary = ranges.map(({ path, input }) => `${path}=${input.value.trim()}`);
    const asked = { document: this.#document, vary, goal };
    const first = this.#box();
    const plan = await first.ask({ ask: "plan", ...asked });
    if (plan.problems) {
      this.#tell(plan.problems);
      return;
    }
    const count = Math.max(1, Math.min(WORKERS_MAX, (navigator.hardwareConcurrency || 2) - 1));
    const boxes = [first];
    while (boxes.length < count) boxes.push(this.#box());
    const trials = [];
    for (;;) {
      const step = await first.ask({ ask: "step", floors: plan.floors, goal, trials });
      if (step.finished) {
        const report = await first.ask({ ask: "report", ...asked, trials });
        this.#show(plan, trials, step, report);
        say(this.progress, `${trials.length} of ${plan.floors.length} designs run`);
        return;
      }
      const best = trials.find((trial) => trial.candidate === step.best);
      const sofar = best ? `cheapest so far ${dollars(best.month_cents)}` : "none meets the goal yet";
      const jobs = [...step.jobs];
      await Promise.all(boxes.map(async (box) => {
        for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
          const edits = plan.edits[job.candidate];
          trials.push(await box.ask({ ask: "run", document: this.#document, edits, job, offered: plan.offered }));
          say(this.progress, `${trials.length} of ${plan.floors.length} designs run, ${sofar}`);
        }
      }));
    }
  }

  #show(plan, trials, { best, frontier }, report) {
    const of = (candidate) => trials.find((trial) => trial.candidate === candidate);
    const told = (candidate) => {
      const values = plan.paths.map((path, place) => `${path} ${plan.designs[candidate][place]}`).join(", ");
      const trial = of(candidate);
      return `${values}: ${dollars(trial.month_cents)}, 99 % within ${span(trial.lag_us)}, ${trial.lost} lost`;
    };
    const line = element("p", { class: "hint", role: "status" }, best === null ? "No design meets the goal." : told(best));
    const points = trials.filter((trial) => trial.end === "complete" && trial.lag_us !== null)
      .map((trial) => ({ candidate: trial.candidate, cents: trial.month_cents, lag: trial.lag_us }));
    const cells = (candidate) => plan.designs[candidate].map((value) => element("td", { class: "n" }, value));
    const row = (candidate) => {
      const trial = of(candidate);
      return element("tr", { class: candidate === best ? "best" : null, "data-candidate": candidate, "data-digest": trial.digest },
        element("td", {}, candidate === best ? "●" : ""), ...cells(candidate),
        element("td", { class: "n" }, trial.lost), element("td", { class: "n" }, span(trial.lag_us)),
        element("td", { class: "n" }, dollars(trial.month_cents)),
        element("td", { class: "n" }, element("button", { class: "btn", onclick: () => this.#take(plan.edits[candidate]) }, "Take this over")));
    };
    const heads = ["", ...plan.paths, "lost", "99 % within", "30 days", ""];
    const drawn = points.length > 0
      && plot({ points, frontier, best, goal: plan.lag_us, told, show: (candidate) => say(line, told(candidate)) });
    this.result.replaceChildren(...[
      drawn, line,
      frontier.length > 0 && element("table", {},
        element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { class: "n" }, head)))),
        element("tbody", {}, ...frontier.map(row))),
      element("p", {}, report.tally),
      element("ul", {}, ...report.reasons.map((reason) => element("li", {}, reason))),
    ].filter(Boolean));
  }

  #take(edits) {
    this.#chosen = JSON.stringify(edits);
    this.dialog.close();
  }
}
