// Loads the second part of the page's module, which the build has cut off: it shares memory and table with the first.

import { initSync } from "./page.js";

// Asked again after a failure, it tries again.
export function __wasm_split_load_later(callback, data) {
  load().then(
    () => true,
    () => false,
  ).then((loaded) => initSync().__indirect_function_table.get(callback)(data, loaded));
}

async function load() {
  const { later } = document.documentElement.dataset;
  const response = await fetch(new URL(later, document.baseURI));
  if (!response.ok) throw new Error(`${later}: ${response.status}`);
  return WebAssembly.instantiate(await response.arrayBuffer(), { __wasm_split: initSync() });
}
