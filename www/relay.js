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
      // What runs handlers comes before the worker's own script, which takes away all that a script could use.
      const scripts = [message.handlers ?? "", source];
      worker = new Worker(URL.createObjectURL(new Blob(scripts, { type: "text/javascript" })));
      worker.addEventListener("error", (error) => tell({ type: "broken", message: String(error.message) }));
      const { engine, tools } = message;
      worker.postMessage({ engine, tools }, [event.ports[0], engine]);
    } else if (message?.type === "kill") {
      worker?.terminate();
      tell({ type: "killed" });
    }
  });
}
