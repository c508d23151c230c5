// What was found: the sentence, the plot, the frontier as a table, every design that was run, and the reasons.

import { element, say } from "../view/dom.js";
import { plot } from "./plot.js";

/** The plot is drawn again at most so often, in milliseconds. */
const EVERY_MS = 150;

export class Result {
  #take;
  #shown = null;
  #seen = null;
  #drawing = 0;
  #drawn = 0;

  /** `take(candidate)` is called when somebody takes a design over. */
  constructor(take) {
    this.#take = take;
    this.head = element("h2", {});
    this.sub = element("p", {});
    this.button = element("button", { class: "btn fill", hidden: true }, "Take this over");
    this.button.addEventListener("click", () => this.#take(this.#shown.best));
    this.bar = element("progress", { "aria-label": "Designs that were run", max: 1, value: 0, hidden: true });
    this.state = element("span", {});
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("role", "group");
    this.svg.setAttribute("aria-label", "Cost of 30 days against lag; arrow keys go from design to design");
    this.line = element("p", { class: "seen" });
    this.rest = element("div", {});
    this.element = element("section", { class: "outcome", "aria-label": "Result" },
      element("div", { class: "verdict", "aria-live": "polite" }, this.head, this.sub, this.button),
      element("div", { class: "state" }, this.bar, this.state),
      element("div", { class: "plot" }, this.svg),
      this.line, this.rest);
    new ResizeObserver(() => this.#draw()).observe(this.svg);
    for (const event of ["mouseover", "focusin", "click"]) this.svg.addEventListener(event, ({ target }) => this.#look(target));
    this.svg.addEventListener("keydown", (event) => this.#go(event));
  }

  /** Somebody looks at a point. */
  #look(target) {
    const mark = target.closest("[data-candidate]");
    if (mark !== null) this.#show(Number(mark.dataset.candidate));
  }

  /** The arrow keys go from point to point, by cost. */
  #go(event) {
    const { points } = this.#shown;
    const place = points.findIndex((point) => point.candidate === this.#seen);
    const to = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: points.length - 1 }[event.key];
    if (to === undefined || place < 0) return;
    event.preventDefault();
    const { candidate } = points[Math.min(points.length - 1, Math.max(0, to))];
    this.svg.querySelector(`[data-candidate="${candidate}"]`).focus();
  }

  /** Before a search: what is asked, and what the plot will show. */
  ask({ head, goal, notes, floors, lag_us: lag, lag_text: words, cost_cents: cents }) {
    this.#say(head, `The goal: ${goal}.`);
    this.#shown ??= { points: [], frontier: [], best: null, current: null };
    this.#shown.goal = { lag, words, cents };
    say(this.line, "Each point will be a design that was run: cheaper is further left, quicker is further down.");
    this.#shown.most = Math.max(...floors);
    this.rest.replaceChildren(...notes.map((note) => element("p", { class: "hint" }, note)));
    this.#draw();
  }

  /** Where there is no search for the scenario: why, and what to do. */
  refuse(problems) {
    this.#say([["", "This scenario cannot be sized here."]], "");
    this.rest.replaceChildren(...problems.map(({ path, message }) => element("p", {}, `${path}: ${message}.`)));
  }

  #say(head, sub) {
    this.head.replaceChildren(...head.map(([tone, text]) => (tone ? element("b", { class: tone }, text) : text)));
    say(this.sub, sub);
  }

  /** A search begins. */
  begin(plan, workers) {
    this.plan = plan;
    this.workers = workers;
    this.button.hidden = true;
    this.bar.hidden = false;
    this.bar.max = plan.floors.length;
    this.trials = null;
    this.#seen = null;
    this.#set([], null, []);
    this.#say([["", `Searching ${plan.floors.length.toLocaleString("en")} designs…`]], `The goal: ${plan.goal}.`);
    this.rest.replaceChildren();
    say(this.line, "");
  }

  /** Shows how far it is. */
  move({ trials, best, frontier }) {
    const { floors } = this.plan;
    this.bar.value = trials.length;
    const found = trials.find((trial) => trial.candidate === best);
    const sofar = found ? `the cheapest so far costs ${found.told.month}` : "none meets the goal yet";
    const many = this.workers > 1 ? `, ${this.workers} at a time` : "";
    const count = (number) => number.toLocaleString("en");
    say(this.state, `${count(trials.length)} of at most ${count(floors.length)} designs run${many}; ${sofar}`);
    this.#set(trials, best, frontier);
  }

  #set(trials, best, frontier) {
    const { lag_us: lag, lag_text: words, cost_cents: cents, current } = this.plan;
    const complete = trials.filter((trial) => trial.end === "complete" && trial.lag_us !== null);
    const points = complete.map(({ candidate, month_cents, lag_us, told }) => ({
      candidate, cents: month_cents, lag: lag_us, cost: told.month, late: told.lag,
    }));
    points.sort((a, b) => a.cents - b.cents || a.lag - b.lag);
    this.#shown = { points, frontier, best, current, goal: { lag, words, cents } };
    this.#draw();
  }

  /** Drawn a few times a second at most, however fast designs come back. */
  #draw() {
    if (this.#drawing || this.#shown === null) return;
    const wait = Math.max(0, this.#drawn + EVERY_MS - performance.now());
    this.#drawing = setTimeout(() => {
      this.#drawing = 0;
      this.#drawn = performance.now();
      const { points, best } = this.#shown;
      const there = points.some((point) => point.candidate === this.#seen);
      const seen = there ? this.#seen : best ?? points[0]?.candidate;
      plot(this.svg, { ...this.#shown, seen, name: (candidate) => this.plan.names[candidate] });
    }, wait);
  }

  #show(candidate) {
    const point = this.#shown.points.find((one) => one.candidate === candidate);
    this.#seen = candidate;
    for (const mark of this.svg.querySelectorAll("[data-candidate]")) {
      mark.setAttribute("tabindex", mark.dataset.candidate === String(candidate) ? 0 : -1);
    }
    const trial = this.trials?.find((one) => one.candidate === candidate);
    const lost = trial ? `, ${trial.told.lost} lost` : "";
    say(this.line, `${this.plan.names[candidate]}: ${point.cost} in 30\u00a0days, 99\u00a0% done within ${point.late}${lost}`);
  }

  /** The search is over, or was cancelled. */
  end({ trials, best, frontier }, report, cancelled) {
    this.trials = trials;
    this.bar.max = this.bar.value = 1;
    this.#say(report.head, report.sub);
    this.button.hidden = best === null;
    say(this.state, (cancelled ? "Cancelled. " : "") + report.tally);
    say(this.line, trials.length > 0 ? "Point at a design, or go to the plot and press the arrow keys, to read what it is." : "");
    this.#set(trials, best, frontier);
    const told = report.outcomes;
    const rows = trials.map((trial, place) => ({ trial, outcome: told[place] }));
    const least = ({ candidate, month_cents: cents }) => cents || this.plan.floors[candidate];
    rows.sort((a, b) => least(a.trial) - least(b.trial) || a.trial.candidate - b.trial.candidate);
    const ahead = frontier.map((candidate) => trials.find((trial) => trial.candidate === candidate));
    const every = element("details", { class: "more" }, element("summary", {}, `All ${trials.length.toLocaleString("en")} that were run, with how they ended`));
    every.addEventListener("toggle", () => {
      if (every.open && every.childElementCount === 1) {
        every.append(this.#table("Designs that were run", rows.map(({ trial, outcome }) => this.#row(trial, best, element("td", {}, outcome), outcome))));
      }
    });
    const save = element("button", { class: "btn", title: "The same JSON as streamgauge size --json prints" }, "Save the result");
    save.addEventListener("click", () => download("size.json", `${JSON.stringify(report.result, null, 2)}\n`));
    const takes = (trial) => {
      const button = element("button", { class: "btn", "aria-label": `Take this over: ${this.plan.names[trial.candidate]}` }, "Take this over");
      button.addEventListener("click", () => this.#take(trial.candidate));
      return element("td", { class: "n" }, button);
    };
    this.rest.replaceChildren(...[
      ahead.length > 0 && element("h3", {}, "The frontier", element("small", {}, "none of the others is both cheaper and quicker")),
      ahead.length > 0 && this.#table("The frontier", ahead.map((trial) => this.#row(trial, best, takes(trial), told[trials.indexOf(trial)]))),
      report.reasons.length > 0 && best !== null && element("h3", {}, "Around the cheapest"),
      best !== null && element("ul", {}, ...report.reasons.map((reason) => element("li", {}, reason))),
      trials.length > 0 && every,
      element("div", { class: "tools" }, save),
    ].filter(Boolean));
  }

  #table(name, rows) {
    const head = (words, unit) => element("th", { class: "n", scope: "col" }, words, unit && element("small", {}, unit));
    const waits = this.#waits;
    return element("div", { class: "scroll", role: "region", tabindex: 0, "aria-label": name }, element("table", {},
      element("thead", {}, element("tr", {},
        ...this.plan.columns.map(({ title, unit }) => head(title, unit === title.toLowerCase() ? "" : unit)),
        head("Lost", "records"), waits && head("99\u00a0% stored", "within"), head("99\u00a0% done", "within"), head("30\u00a0days", "cost"), element("th", {}))),
      element("tbody", {}, ...rows)));
  }

  get #waits() {
    return this.trials.some((trial) => trial.wait_us !== null);
  }

  #row(trial, best, last, outcome) {
    const misses = outcome !== "meets the goal";
    const { candidate, told, digest } = trial;
    const chosen = candidate === best;
    const cell = (text) => element("td", { class: "n" }, text);
    const costs = told.month === "–" ? `≥\u00a0$${(this.plan.floors[candidate] / 100).toLocaleString("en", { minimumFractionDigits: 2 })}` : told.month;
    const row = element("tr", { class: chosen ? "best" : misses && "misses", "data-candidate": candidate, "data-digest": digest },
      ...this.plan.designs[candidate].map(cell), cell(told.lost), this.#waits && cell(told.wait), cell(told.lag), cell(costs), last);
    if (chosen) row.firstElementChild.prepend(element("span", { class: "sign", title: "The cheapest that meets the goal" }, "●\u00a0"));
    row.addEventListener("mouseenter", () => this.svg.querySelector(`[data-candidate="${candidate}"]`)?.classList.add("seen"));
    row.addEventListener("mouseleave", () => this.svg.querySelector(`[data-candidate="${candidate}"]`)?.classList.remove("seen"));
    return row;
  }
}

function download(name, text) {
  const link = element("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "application/json" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
