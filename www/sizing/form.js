// What is asked: the goal, and which fields are varied over which values. Every problem is told under its field.

import { element, say } from "../view/dom.js";

const GOAL = [
  { name: "lag", label: "99 % done within", unit: "", value: "60 s", title: "A time, such as 500 ms, 60 s or 2 min" },
  { name: "lost", label: "Lost at most", unit: "records", value: "0", title: "At the producer, expired, or given up" },
  { name: "wait", label: "99 % stored within", unit: "", value: "", title: "How long a client waits, such as 500 ms; empty: not asked" },
  { name: "cost", label: "30 days at most", unit: "$", value: "", title: "The budget; empty: not asked" },
];

let made = 0;

/** A field with its label, its unit and a place for what is wrong with it. */
class Field {
  constructor({ label, unit, hint, value, title, wide, placeholder }) {
    const id = `size-${made += 1}`;
    this.input = element("input", {
      class: wide ? "in wide" : "in", id, value, title, placeholder, autocomplete: "off", spellcheck: "false", "aria-describedby": `${id}-note`,
    });
    this.hint = hint ?? "";
    this.note = element("p", { class: "hint", id: `${id}-note` }, this.hint);
    this.line = element("div", { class: wide ? "f over" : "f" },
      element("label", { for: id }, label), this.input, wide ? null : element("span", { class: "u" }, unit));
    this.place = element("div", {}, this.line, this.note);
  }

  get text() {
    return this.input.value.trim();
  }

  tell(message) {
    say(this.note, message || this.hint);
    this.note.classList.toggle("wrong", message !== "");
    this.line.classList.toggle("wrong", message !== "");
    if (message) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }
}

export class Form {
  #goal = new Map();
  #ranges = new Map();
  #fields = [];
  #changed;

  /** `changed` is called when something else is asked, `pressed` when the search is to begin or to end. */
  constructor(changed, pressed) {
    for (const { name, ...of } of GOAL) this.#goal.set(name, new Field({ ...of, placeholder: of.value === "" ? "any" : null }));
    this.count = element("small", {});
    this.varied = element("div", { class: "varied" });
    this.more = element("select", { class: "in", "aria-label": "Vary another field" });
    this.more.addEventListener("change", () => this.#add());
    this.button = element("button", { class: "btn fill", type: "submit" }, "Search");
    this.problems = element("div", { role: "alert" });
    this.inputs = element("fieldset", {},
      element("h3", {}, "Goal"),
      ...[...this.#goal.values()].map((field) => field.place),
      element("h3", {}, "Varied", this.count),
      element("p", { class: "hint" }, "Lists, or 1..64 to double, or 1..64+1 to step. An empty field stays as it is."),
      this.varied,
      element("div", { class: "f more-fields" }, this.more));
    this.element = element("form", { novalidate: true, "aria-label": "Goal and ranges" }, this.inputs, this.problems,
      element("div", { class: "go" }, this.button));
    this.element.addEventListener("change", (event) => event.target !== this.more && changed());
    this.element.addEventListener("input", () => (this.found = false));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      pressed();
    });
    this.#changed = changed;
  }

  /** The goal, each part as it was typed. */
  get goal() {
    return Object.fromEntries([...this.#goal].map(([name, field]) => [name, field.text]));
  }

  /** The ranges as the command line takes them. */
  get vary() {
    const written = [...this.#ranges].filter(([, field]) => field.text !== "");
    return written.map(([path, field]) => `${path}=${field.text}`);
  }

  /** Shows the ranges that are proposed, and the fields that could be varied as well. */
  propose({ vary, columns, fields }) {
    this.#fields = fields;
    vary.forEach((text, place) => this.#range(columns[place].path, text.slice(text.indexOf("=") + 1)));
    this.#options();
  }

  #range(path, values) {
    const { label, unit, range, now } = this.#fields.find((field) => field.path === path) ?? { label: path, now: "–" };
    const hint = [range && (unit ? `${range}\u00a0${unit}` : range), `now ${now}`].filter(Boolean).join("; ");
    const field = new Field({ label, hint, value: values, title: path, wide: true, placeholder: "as it is" });
    field.input.setAttribute("aria-label", path === label ? label : `${label} (${path})`);
    this.#ranges.set(path, field);
    this.varied.append(field.place);
    return field;
  }

  #options() {
    const left = this.#fields.filter(({ path }) => !this.#ranges.has(path));
    const groups = new Map();
    for (const { path, label } of left) {
      const group = path.split(".").slice(0, path.startsWith("consumers") || path.startsWith("then") ? 2 : 1).join(" ");
      if (!groups.has(group)) groups.set(group, element("optgroup", { label: group }));
      groups.get(group).append(element("option", { value: path }, label));
    }
    this.more.replaceChildren(element("option", { value: "" }, "Vary another field…"), ...groups.values());
  }

  #add() {
    const path = this.more.value;
    if (path === "") return;
    const { input } = this.#range(path, this.#fields.find((field) => field.path === path).values);
    this.#options();
    input.focus();
    input.select();
    this.#changed();
  }

  /** Tells every problem at its field, and those that have none beside the button; whether there are any. */
  tell(problems, focus = false) {
    const places = new Map([...this.#ranges, ...[...this.#goal].map(([name, field]) => [`goal.${name}`, field])]);
    const own = new Map();
    const rest = [];
    for (const { path, message } of problems) {
      // What is wrong inside a field is told at the field around it.
      const at = [...places.keys()].find((known) => path === known || path.startsWith(`${known}.`));
      if (at === undefined) rest.push(path && !path.includes(".handler") ? `${path}: ${message}` : message);
      else own.set(at, [own.get(at), message].filter(Boolean).join(" "));
    }
    for (const [at, field] of places) field.tell(own.get(at) ?? "");
    this.problems.replaceChildren(...rest.map((text) => element("p", { class: "hint wrong" }, capital(text))));
    if (focus) [...places].find(([at]) => own.has(at))?.[1].input.focus();
    return problems.length > 0;
  }

  /** Whether there is something to take over: then that is what the filled button is for. */
  set found(found) {
    this.button.classList.toggle("fill", !found);
  }

  /** Whether a search is on: then nothing else can be asked, and the button ends it. */
  set busy(busy) {
    this.inputs.disabled = busy;
    say(this.button, busy ? "Cancel" : "Search");
    // The field that had the focus cannot keep it.
    if (busy) this.button.focus();
  }
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
