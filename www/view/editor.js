// The editor of a handler's code: CodeMirror in a shadow root. There its styles are constructed sheets, which the page's
// policy allows, while a style element would be refused. Its colours are the page's tokens, which reach into the root;
// code has no colours of its own, because on this page colour means records. Only what failed is marked.

import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { javascriptLanguage } from "@codemirror/lang-javascript";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** After so long without a key, in milliseconds, the parser says what it does not understand. */
const QUIET_MS = 600;

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.self, tags.null, tags.bool], fontWeight: "700" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--ink-2)", textDecoration: "underline dotted var(--rule-2) 1px", textUnderlineOffset: "3px" },
]);

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "var(--editor-size, .93rem)" },
  "&.cm-focused": { outline: "var(--focus)", outlineOffset: "-3px" },
  ".cm-scroller": { font: "inherit", fontFamily: "var(--mono)", lineHeight: "1.62", overflow: "auto" },
  ".cm-content": { padding: ".6rem 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 1rem 0 .7rem" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--ink-3)", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "2.6rem", padding: "0 .4rem 0 .3rem" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--ink) 4%, transparent)" },
  "& .cm-selectionBackground, &.cm-focused .cm-selectionBackground, .cm-content ::selection": {
    backgroundColor: "color-mix(in srgb, var(--ink) 16%, transparent) !important",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--paper-3)", outline: "1px solid var(--rule-2)" },
  ".cm-nonmatchingBracket": { backgroundColor: "transparent" },
  ".failed": { backgroundColor: "color-mix(in srgb, var(--lost) 10%, transparent)", boxShadow: "inset 3px 0 0 var(--lost)" },
  ".why": {
    padding: ".1rem 1rem .3rem .7rem", whiteSpace: "normal", fontFamily: "var(--sans)", fontWeight: "600",
    fontSize: "var(--t-small)", lineHeight: "1.5", color: "var(--lost-text)",
    backgroundColor: "color-mix(in srgb, var(--lost) 10%, transparent)", boxShadow: "inset 3px 0 0 var(--lost)",
  },
});

/** What went wrong, under its line. */
class Why extends WidgetType {
  constructor(text) {
    super();
    this.text = text;
  }

  eq(other) {
    return other.text === this.text;
  }

  toDOM() {
    const line = document.createElement("div");
    line.className = "why";
    line.setAttribute("role", "note");
    line.textContent = this.text;
    return line;
  }
}

const mark = StateEffect.define();

/** The marked lines. They move with the text, and go when the text of their line changes. */
const marks = StateField.define({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(mark)) return effect.value;
    }
    return shown.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The first place that the parser does not understand, as a line and a sentence. */
function misunderstood(state) {
  let found = null;
  syntaxTree(state).iterate({
    enter(node) {
      if (found === null && node.type.isError) found = node.from;
      return found === null;
    },
  });
  if (found === null) return null;
  return { line: state.doc.lineAt(found).number, text: "The code is not complete here, or has something that is no JavaScript." };
}

/** The editor in an element. `changed` hears the text when somebody leaves it or saves. */
export class Editor {
  constructor(host, changed) {
    this.changed = changed;
    this.known = "";
    this.failures = [];
    this.indents = false;
    this.quiet = 0;
    const root = host.attachShadow({ mode: "open" });
    const within = document.createElement("div");
    within.style.height = "100%";
    root.append(within);
    const save = () => {
      this.flush();
      return true;
    };
    this.view = new EditorView({
      parent: within,
      root,
      state: EditorState.create({
        doc: "",
        extensions: [
          lineNumbers(), history(), drawSelection(), highlightActiveLine(), indentOnInput(), bracketMatching(),
          EditorState.tabSize.of(2), indentUnit.of("  "), javascriptLanguage, syntaxHighlighting(highlight), look, marks,
          keymap.of([{ key: "Mod-s", run: save }, { key: "Mod-Enter", run: save }, ...defaultKeymap, ...historyKeymap]),
          EditorView.contentAttributes.of({
            "aria-label": "Code of the handler. Tab moves on; Escape, then Tab, indents.",
            spellcheck: "false", autocorrect: "off", autocapitalize: "off", translate: "no",
          }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) this.typed();
            if (update.focusChanged && !update.view.hasFocus) this.flush();
          }),
        ],
      }),
    });
    // Before the editor hears it: a tab that follows Escape indents, any other moves on.
    within.addEventListener("keydown", (event) => this.tab(event), { capture: true });
    // At once: the editor itself hears of it a moment later, when what somebody left it for has begun already.
    within.addEventListener("focusout", () => this.flush());
    // What is typed is no command of the page.
    host.addEventListener("keydown", (event) => event.stopPropagation());
  }

  tab(event) {
    if (event.key === "Escape") {
      this.indents = true;
    } else if (event.key === "Tab" && this.indents) {
      event.preventDefault();
      event.stopPropagation();
      (event.shiftKey ? indentLess : indentMore)(this.view);
    } else if (event.key !== "Shift") {
      this.indents = false;
    }
  }

  /** The text as it stands. */
  get text() {
    return this.view.state.doc.toString();
  }

  /** Takes the text of the document, unless it is what was last known of it: then somebody is typing another one. */
  show(text) {
    if (text === this.known) return;
    this.known = text;
    if (text === this.text) return;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
    clearTimeout(this.quiet);
    this.draw();
  }

  /** Gives the text away if it was changed. */
  flush() {
    const { text } = this;
    if (text === this.known) return;
    this.known = text;
    this.changed(text);
  }

  typed() {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.draw(), QUIET_MS);
  }

  /** Marks lines: `{ line, text }` of what failed when it ran. */
  fail(failures) {
    if (JSON.stringify(failures) === JSON.stringify(this.failures)) return;
    const before = this.failures.map(({ line }) => line).join();
    this.failures = failures;
    this.draw();
    // Who does not type here is shown where it failed.
    const [first] = failures;
    const other = first && before !== failures.map(({ line }) => line).join() && first.line <= this.view.state.doc.lines;
    if (other && !this.view.hasFocus) {
      this.view.dispatch({ effects: EditorView.scrollIntoView(this.view.state.doc.line(first.line).from, { y: "center" }) });
    }
  }

  draw() {
    const { state } = this.view;
    const typing = this.text === this.known ? null : misunderstood(state);
    const all = (typing ? [typing] : this.failures).filter(({ line }) => line >= 1 && line <= state.doc.lines);
    all.sort((a, b) => a.line - b.line);
    const ranges = all.flatMap(({ line, text }) => {
      const { from, to } = state.doc.line(line);
      return [
        Decoration.line({ class: "failed" }).range(from),
        Decoration.widget({ widget: new Why(text), block: true, side: 1 }).range(to),
      ];
    });
    this.view.dispatch({ effects: mark.of(Decoration.set(ranges, true)) });
  }

  /** Follows a new size. */
  measure() {
    this.view.requestMeasure();
  }

  destroy() {
    clearTimeout(this.quiet);
    this.flush();
    this.view.destroy();
  }
}
