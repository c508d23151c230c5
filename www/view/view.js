// The handler view: invocations, code, and the event with its logs. What it shows is decided by the page's module, which
// gives it a state as plain data; what people do here goes back as a word and a text.

import { element, lines, say } from "./dom.js";
import { Editor } from "./editor.js";
import { Trial } from "./trial.js";

/** The largest files worth reading; what a handler may be is less, and the page says so. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes as base64. */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Why a module cannot run here, in a sentence; nothing if it can. The box's own loader says so, before any of it runs. */
async function refusal(bytes) {
  const meter = await fetch(new URL(document.documentElement.dataset.meter, document.baseURI));
  const { instance: { exports } } = await WebAssembly.instantiate(await meter.arrayBuffer(), {});
  const at = exports.sg_alloc(bytes.length) >>> 0;
  new Uint8Array(exports.memory.buffer).set(bytes, at);
  if (exports.sg_prepare() === 0) return "";
  return new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.sg_out_ptr() >>> 0, exports.sg_out_len()));
}

/** Gives a module away, or the sentence that refuses it. */
async function takeModule(bytes, act, what = "module") {
  const sentence = await refusal(bytes);
  if (sentence) act("refused", sentence);
  else act(what, base64(bytes));
}

/** Gives a file with a handler away: source as it is, a module once it was looked into. */
export async function take(file, act) {
  try {
    if (file.size > FILE_BYTES_MAX) act("unreadable", file.name);
    else if (/\.wasm$/i.test(file.name)) await takeModule(new Uint8Array(await file.arrayBuffer()), act);
    else act("source", await file.text());
  } catch {
    act("unreadable", file.name);
  }
}

export default class HandlerView {
  /** In `place`; `act` hears what people do; `brought` is what the site brings along. */
  constructor(place, act, brought) {
    this.act = act;
    this.brought = brought;
    this.shown = {};
    const button = (text, what, more = {}) => element("button", { class: "btn", type: "button", onclick: () => act(what, ""), ...more }, text);
    this.title = element("strong");
    this.whose = element("span", { class: "u" });
    this.about = element("span", { class: "u" });
    this.size = element("span", { class: "u grow e" });
    this.remedy = button("", "remedy");
    this.samples = element("select", {
      class: "btn", "aria-label": "Begin with a sample",
      onchange: () => {
        const chosen = this.offered.get(this.samples.value);
        this.samples.value = "";
        if (this.brought.modules.includes(chosen)) this.fetchModule(chosen);
        else if (chosen) {
          this.trial.suggest(chosen.event);
          this.act("sample", chosen.code);
        }
      },
    });
    const file = element("input", {
      type: "file", class: "vh", accept: ".js,.mjs,.cjs,.wasm",
      onchange: async () => {
        if (file.files[0]) await take(file.files[0], act);
        file.value = "";
      },
    });
    this.trial = new Trial((event) => act("try", event), brought.events, () => this.turn(false));
    const head = element("div", { class: "dh" },
      this.title, this.whose, this.about, this.size, this.samples,
      element("label", { class: "btn hide-phone", title: "A source file, or a module of WebAssembly. Dropping it on the page does the same." }, "Upload", file),
      element("button", { class: "btn", type: "button", onclick: () => this.turn(true) }, "Run one event"),
      button("What it can do", "limits"), this.remedy);
    this.count = element("small");
    this.rows = element("tbody");
    this.more = element("p", { class: "hint" });
    this.which = ["all", "failed"].map((name) => button(name, "filter", { onclick: () => act("filter", name) }));
    const search = element("input", {
      class: "in", type: "search", placeholder: "in logs", "aria-label": "Only invocations whose logs or errors hold this text",
      oninput: () => act("search", search.value),
    });
    const heads = [["at"], ["shard", "n shard"], ["records", "n"], ["try", "n"], ["ms", "n"], ["outcome"]];
    this.table = element("table", { role: "grid", "aria-label": "Invocations, newest first" },
      element("thead", {}, element("tr", {}, ...heads.map(([text, look]) => element("th", { scope: "col", class: look }, text)))),
      this.rows);
    this.rows.addEventListener("click", (event) => this.choose(event.target.closest("tr")));
    this.rows.addEventListener("keydown", (event) => this.walk(event));
    this.host = element("div", { class: "ed" });
    this.note = element("p", {});
    this.instead = element("div", { class: "note" }, this.note, button("Write a handler", "write"));
    this.mapping = element("div", { class: "map" });
    this.eventHead = element("small");
    this.event = element("pre", { tabindex: "0", "aria-label": "Event" });
    this.logHead = element("small");
    this.logs = element("pre", { tabindex: "0", "aria-label": "Logs", class: "logs" });
    this.seen = element("div", { class: "seen" },
      element("h2", {}, "Event ", this.eventHead), this.event, element("h2", {}, "Logs ", this.logHead), this.logs);
    place.replaceChildren(head, element("div", { class: "cols" },
      element("section", { "aria-label": "Invocations" },
        element("h2", {}, "Invocations ", this.count),
        element("div", { class: "which" }, element("span", { class: "seg", role: "group", "aria-label": "Which" }, ...this.which), search),
        element("div", { class: "inv" }, this.table, this.more)),
      element("section", { "aria-label": "Code" },
        element("h2", {}, "Code ", element("small", {}, "Tab moves on; Esc, then Tab, indents")), this.host, this.instead, this.mapping),
      element("section", { "aria-label": "Invocation" }, this.seen, this.trial.place)));
    this.turn(false);
    this.editor = new Editor(this.host, (text) => act("code", text));
  }

  /** Offers what somebody may begin with: samples that transform records of a delivery stream, or the others. The
      list itself stays, so that one which somebody has open or holds the focus on is not taken away. */
  offer(transform) {
    const { modules, samples } = this.brought;
    const fitting = samples.filter((one) => (one.transform === true) === transform);
    this.offered = new Map();
    const group = (label, all) => element("optgroup", { label }, ...all.map((one) => {
      const value = String(this.offered.size);
      this.offered.set(value, one);
      return element("option", { value, title: one.about }, one.title);
    }));
    this.samples.replaceChildren(element("option", { value: "" }, "Samples"), group("JavaScript", fitting), group("Compiled", modules));
  }

  async fetchModule({ file }) {
    try {
      const response = await fetch(new URL(file, document.baseURI));
      if (!response.ok) throw new Error(String(response.status));
      await takeModule(new Uint8Array(await response.arrayBuffer()), this.act, "brought");
    } catch {
      this.act("unreadable", "The module");
    }
  }

  /** From the selected invocation to the trial of one event, or back. */
  turn(trial) {
    this.seen.hidden = trial;
    this.trial.place.hidden = !trial;
    if (trial) {
      this.editor?.flush();
      this.trial.focus();
    }
  }

  choose(row) {
    if (row) this.act("select", row.dataset.id);
  }

  walk(event) {
    const row = event.target.closest("tr");
    const next = { ArrowDown: row?.nextElementSibling, ArrowUp: row?.previousElementSibling }[event.key];
    if (event.key === "Enter" || event.key === " ") this.choose(row);
    else if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    if (next) {
      this.choose(next);
      this.focusNext = true;
    }
  }

  /** The text of the document. */
  code(text) {
    this.editor.show(text);
  }

  set(state) {
    say(this.title, state.title);
    say(this.whose, state.whose);
    this.once("samples", state.transform, () => {
      this.table.classList.toggle("whole", state.transform);
      this.offer(state.transform);
    });
    say(this.about, state.about);
    say(this.size, state.size);
    say(this.remedy, state.remedy);
    this.remedy.hidden = !state.remedy;
    this.host.hidden = state.note !== "";
    this.instead.hidden = state.note === "";
    say(this.note, state.note);
    say(this.count, state.count);
    say(this.more, state.more);
    this.which.forEach((button, at) => button.setAttribute("aria-pressed", String(state.failed === (at === 1))));
    this.once("rows", [state.rows, state.selected], () => this.drawRows(state));
    this.once("mapping", state.mapping, () => this.drawMapping(state.mapping));
    say(this.eventHead, state.eventHead);
    this.once("event", state.event, () => this.event.replaceChildren(...lines(state.event)));
    say(this.logHead, state.logHead);
    this.once("logs", state.logs, () => this.logs.replaceChildren(...lines(state.logs)));
    this.editor.fail(state.marks);
    this.once("tried", state.tried, () => this.trial.set(state.tried));
  }

  /** Draws a part if what it is made from has changed. */
  once(part, from, draw) {
    const text = JSON.stringify(from);
    if (this.shown[part] === text) return;
    this.shown[part] = text;
    draw();
  }

  drawRows({ rows, selected }) {
    const made = rows.map(([id, at, shard, records, attempt, ms, outcome, bad]) => {
      const chosen = id === selected;
      const sign = element("i", { class: bad ? "k lost" : "k done" });
      return element("tr", { "data-id": id, "aria-selected": String(chosen), tabindex: chosen || (!selected && id === rows[0][0]) ? "0" : "-1" },
        element("td", {}, at), element("td", { class: "n shard" }, shard), element("td", { class: "n" }, records),
        element("td", { class: "n" }, attempt), element("td", { class: "n" }, ms), element("td", { class: bad ? "bad" : null }, sign, outcome));
    });
    const focused = this.focusNext || this.rows.contains(document.activeElement);
    this.focusNext = false;
    this.rows.replaceChildren(...made);
    const chosen = this.rows.querySelector("[aria-selected=true]");
    if (focused) chosen?.focus();
  }

  drawMapping(knobs) {
    this.mapping.replaceChildren(...knobs.map((knob) => {
      const control = knob.choices
        ? element("input", { type: "checkbox", onchange: ({ target }) => this.act(`knob ${knob.path}`, knob.choices[Number(target.checked)]) })
        : element("input", { class: "in", inputmode: "numeric", autocomplete: "off", onchange: ({ target }) => this.act(`knob ${knob.path}`, target.value) });
      if (knob.choices) control.checked = knob.on;
      else control.value = knob.text;
      const label = element("span", {}, knob.label);
      const parts = knob.choices ? [control, label] : [label, control];
      return element("label", {}, ...parts, element("span", { class: "u" }, knob.note));
    }));
    this.mapping.hidden = knobs.length === 0;
  }

  destroy() {
    this.editor.destroy();
  }
}
