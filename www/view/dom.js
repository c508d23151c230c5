// Elements in few words. Every text is a text: nothing that comes from a run is ever read as markup.

/** An element with attributes and children; what begins with "on" is a listener. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Sets a text if it is another one. */
export function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** The lines of a block of code or log: plain texts, or `[class, text]`. */
export function lines(all) {
  return all.map((line) => {
    const [look, text] = Array.isArray(line) ? line : ["", line];
    return look ? element("span", { class: look }, `${text}\n`) : `${text}\n`;
  });
}
