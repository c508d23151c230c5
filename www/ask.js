// Asks what the page fetches only when somebody shares a link, opens one, or looks for a size.

export async function ask(what, text) {
  const { links, sizing } = document.documentElement.dataset;
  return (await import(new URL(what === "size" ? sizing : links, document.baseURI)))[what](text);
}
