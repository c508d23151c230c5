// The place of the handler view in the page. The view itself, with its editor, samples and styles, is fetched when it is
// opened for the first time; until then this keeps what it is to show.

let coming = null;

function fetchView() {
  const { view } = document.documentElement.dataset;
  coming ??= import(new URL(view, document.baseURI)).then(
    (library) => library.styled.then(() => library),
    () => {
      coming = null;
      return null;
    },
  );
  return coming;
}

export class HandlerPlace {
  /** `act` hears a word and a text. */
  constructor(element, act) {
    Object.assign(this, { element, act, state: null });
    element.textContent = "Loading the editor…";
    fetchView().then((library) => {
      if (this.gone) return;
      if (library === null) {
        element.textContent = "The editor could not be loaded. Close this view and open it again.";
        return;
      }
      this.library = library;
      this.show();
    });
  }

  /** What to show, as JSON, and the text of the code. */
  set(state, text) {
    Object.assign(this, { state, text });
    this.show();
  }

  /** Nothing is drawn before it is known what: the view and what it shows are fetched side by side. */
  show() {
    if (!this.library || this.state === null) return;
    this.view ??= this.library.open(this.element, this.act);
    this.view.code(this.text);
    this.view.set(JSON.parse(this.state));
  }

  destroy() {
    this.gone = true;
    this.view?.destroy();
  }
}

/** Whether a file is a handler's; then it is read and given away. */
export function takeHandler(file, act) {
  if (!/\.(wasm|[cm]?js)$/i.test(file.name)) return false;
  fetchView().then((library) => (library ? library.take(file, act) : act("unreadable", file.name)));
  return true;
}
