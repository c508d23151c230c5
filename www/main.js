// The page's entry: starts the module that draws the page, or says in a sentence why it cannot.

import init from "streamgauge-page";

// The reason is told on the page itself, because nobody looks at a console.
function say(sentence) {
  const line = document.createElement("p");
  line.setAttribute("role", "alert");
  line.textContent = sentence;
  (document.getElementById("app") ?? document.body).replaceChildren(line);
}

if (typeof WebAssembly === "object") {
  const module = new URL(document.documentElement.dataset.page, document.baseURI);
  init({ module_or_path: module }).catch((error) => {
    say("The page could not start. Reload it; if that does not help, use a current browser.");
    console.error(error);
  });
} else {
  say("This browser has no WebAssembly, or it is switched off. Streamgauge runs its engine with it.");
}
