// The relay, the only script of the sandboxed page: starts the worker, passes it the port on which the page talks to
// it, and ends it when told. It listens to nobody but the page around it.

"use strict";
{
  const source = document.getElementById("worker").textContent;
  let worker = null;

  // The page checks where a message comes from; this one carries no secret, so anybody may be its parent.
  const tell = (message) => parent.postMessage(message, "*");

  addEventListener("message", (event) => {
    if (event.source !== parent) return;
    const message = event.data;
    if (message?.type === "start" && worker === null) {
      worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
      worker.addEventListener("error", (error) => tell({ type: "broken", message: String(error.message) }));
      worker.postMessage({ engine: message.engine }, [event.ports[0], message.engine]);
    } else if (message?.type === "kill") {
      worker?.terminate();
      tell({ type: "killed" });
    }
  });
}
