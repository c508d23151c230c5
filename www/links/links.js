// Packs a scenario into a link and reads one back, with a module of its own that needs nothing from outside. The page
// fetches this when somebody shares a link or opens one.

const { exports } = (
  await WebAssembly.instantiateStreaming(fetch(new URL(LINK_MODULE, import.meta.url))).catch(async () => {
    // A host may not know the type of such files.
    const bytes = await (await fetch(new URL(LINK_MODULE, import.meta.url))).arrayBuffer();
    return WebAssembly.instantiate(bytes);
  })
).instance;

/** Puts a text in, calls a function, takes a text out. */
function ask(call, text) {
  const bytes = new TextEncoder().encode(text);
  const at = exports.sg_alloc(bytes.length);
  new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
  call();
  return new TextDecoder().decode(new Uint8Array(exports.memory.buffer, exports.sg_out_ptr(), exports.sg_out_len()));
}

/** The link of a document, or the whole address of a fragment that is there already, as JSON. */
export function make(what) {
  const { origin, pathname, protocol, href } = location;
  const base = protocol === "file:" ? href.split(/[?#]/)[0] : origin + pathname;
  return ask(exports.sg_make, `${base}\n${what}`);
}

/** What a link opens, as JSON. */
export function open(link) {
  return ask(exports.sg_open, link);
}

/** Puts a text into the clipboard; where the browser refuses it, whoever asked selects it in its field instead. */
export async function copy(text) {
  await navigator.clipboard.writeText(text);
  return "";
}
