// Runs the present code on one event: which one, and what came of it.

import { element, lines, say } from "./dom.js";

export class Trial {
  /** `run` takes an event, or an empty text for the first batch of the scenario; `events` come with the site. */
  constructor(run, events, close) {
    this.events = events;
    const option = (value, text) => element("option", { value }, text);
    this.which = element("select", { class: "btn", "aria-label": "Which event", onchange: () => this.fill() },
      option("scenario", "The first batch of this scenario"), ...events.map(({ id, title }) => option(id, title)), option("own", "An event of your own"));
    this.text = element("textarea", {
      class: "own", rows: "9", spellcheck: "false", "aria-label": "Event as JSON",
      oninput: () => {
        this.which.value = "own";
      },
    });
    this.head = element("small");
    this.result = element("pre", { tabindex: "0", "aria-label": "What came of it", class: "logs", role: "status" });
    this.place = element("div", { class: "trial" },
      element("h2", {}, "Run one event ", element("button", { class: "btn quiet", type: "button", onclick: close }, "Close")),
      element("div", { class: "which" }, this.which,
        element("button", { class: "btn", type: "button", onclick: () => run(this.which.value === "scenario" ? "" : this.text.value) }, "Run")),
      this.text, element("h2", {}, "Result ", this.head), this.result);
    this.fill();
  }

  /** The event that suits a sample. */
  suggest(id) {
    this.which.value = id;
    this.fill();
  }

  fill() {
    const chosen = this.events.find(({ id }) => id === this.which.value);
    if (chosen) this.text.value = chosen.text;
    else if (this.which.value === "scenario") this.text.value = this.first ?? "";
    this.text.placeholder = this.which.value === "scenario" ? "It is made from the scenario when it runs." : "{ \"Records\": [ … ] }";
  }

  focus() {
    this.which.focus();
  }

  /** What came of the last run: `null`, or a head, lines, and the event. */
  set(tried) {
    say(this.head, tried?.head ?? "");
    this.result.replaceChildren(...lines(tried?.lines ?? ["Nothing was run yet."]));
    if (tried && this.which.value === "scenario") {
      this.first = tried.event;
      this.text.value = tried.event;
    }
  }
}
