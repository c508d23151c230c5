// Asks what the page fetches only when somebody shares a link, opens one, looks for a size, or runs a query.

export async function ask(what, text) {
  const { links, sizing } = document.documentElement.dataset;
  return (await import(new URL(what === "size" || what === "results" ? sizing : links, document.baseURI)))[what](text);
}
