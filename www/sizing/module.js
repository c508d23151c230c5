// The module that answers questions of a search and of queries, and the sheet of what is shown of them; each is fetched
// once.

import { element } from "../view/dom.js";

let module = null;

function fetched() {
  module ??= fetch(new URL(SIZE_MODULE, import.meta.url)).then(
    (response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error("the server answered without the file"))),
  );
  module.catch(() => (module = null));
  return module;
}

const sheet = element("link", { rel: "stylesheet", href: new URL(SIZE_SHEET, import.meta.url) });
const styled = new Promise((resolve) => (sheet.onload = sheet.onerror = resolve));
document.head.append(sheet);

/** The bytes of the module, once there is a sheet as well. */
export async function fetchModule() {
  const [bytes] = await Promise.all([fetched(), styled]);
  return bytes;
}

/** The address of the page in which a box begins. */
export function sandbox() {
  return new URL(document.documentElement.dataset.sandbox, document.baseURI).href;
}
