// The page's entry: starts the module that draws the page, and says in a sentence when it cannot start or go on.

import init from "streamgauge-page";

// The reason is told on the page itself, because nobody looks at a console.
function say(sentence) {
  const line = document.createElement("p");
  line.className = "boot";
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  document.querySelector(".boot")?.remove();
  document.body.prepend(line);
}

// A module that trapped does nothing more; what it has drawn stays and can be read.
function hear(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    say("The page met a fault of its own and cannot go on. Reload it to start again.");
  }
}

if (typeof WebAssembly === "object") {
  addEventListener("error", (event) => hear(event.error));
  addEventListener("unhandledrejection", (event) => hear(event.reason));
  const module = new URL(document.documentElement.dataset.page, document.baseURI);
  init({ module_or_path: module }).catch((error) => {
    say("The page could not start. Reload it; if that does not help, use a current browser.");
    console.error(error);
  });
} else {
  say("This browser has no WebAssembly, or it is switched off. Streamgauge runs its engine with it.");
}
