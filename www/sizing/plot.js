// Cost against lag: a point for each run that came to its end, the frontier as steps, the goal as a line.

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 64;
const BOTTOM = 34;
const TOP = 12;
const RIGHT = 18;

/** A time in few letters. */
export function span(micros) {
  const seconds = micros / 1e6;
  if (seconds < 1) return `${Math.round(seconds * 1000)}\u00a0ms`;
  if (seconds < 100) return `${Number(seconds.toPrecision(2))}\u00a0s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)}\u00a0min`;
  return `${Number((seconds / 3600).toPrecision(2))}\u00a0h`;
}

export const dollars = (cents) => `$${(cents / 100).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

function shape(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** About `count` round numbers up to `most`. */
function rounds(most, count) {
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => power * factor >= rough);
  const all = [];
  for (let at = 0; at <= most; at += step) all.push(at);
  return all;
}

/**
 * `points` are {candidate, cents, lag, lost}; `frontier` and `best` name some of them; `goal` is a lag. `told(candidate)`
 * gives the words of a point, and `show(candidate)` is called when somebody looks at one.
 */
export function plot({ points, frontier, best, goal, told, show }) {
  const most = Math.max(100, ...points.map((point) => point.cents)) * 1.06;
  const lags = [...points.map((point) => point.lag), goal].filter((lag) => lag > 0);
  const low = 10 ** Math.floor(Math.log10(Math.min(...lags)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...lags) * 1.05));
  const x = (cents) => LEFT + ((WIDTH - LEFT - RIGHT) * cents) / most;
  const share = (lag) => Math.log(Math.max(lag, low) / low) / Math.log(high / low);
  const y = (lag) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share(lag);
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "Cost of 30 days against lag" });
  for (let lag = low; lag <= high * 1.001; lag *= 10) {
    svg.append(
      shape("path", { class: "grid", d: `M${LEFT} ${y(lag)}H${WIDTH - RIGHT}` }),
      shape("text", { x: LEFT - 8, y: y(lag) + 4, class: "end" }, span(lag)),
    );
  }
  for (const cents of rounds(most, 6)) {
    svg.append(shape("text", { x: x(cents), y: HEIGHT - BOTTOM + 16, class: "mid" }, `$${(cents / 100).toLocaleString("en")}`));
  }
  svg.append(
    shape("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}` }),
    shape("text", { x: WIDTH - RIGHT, y: HEIGHT - 3, class: "end" }, "30 days"),
    shape("path", { class: "aim", d: `M${LEFT} ${y(goal)}H${WIDTH - RIGHT}` }),
    shape("text", { x: WIDTH - RIGHT, y: y(goal) - 5, class: "end" }, `goal: 99 % done within ${span(goal)}`),
  );
  const on = frontier.map((candidate) => points.find((point) => point.candidate === candidate)).filter(Boolean);
  if (on.length > 1) {
    const steps = on.slice(1).map((point) => `H${x(point.cents)}V${y(point.lag)}`);
    svg.append(shape("path", { class: "frontier", d: `M${x(on[0].cents)} ${y(on[0].lag)}${steps.join("")}` }));
  }
  const order = [...points.filter((point) => !frontier.includes(point.candidate)), ...on];
  for (const point of order) {
    const ahead = frontier.includes(point.candidate);
    const mark = shape("circle", { cx: x(point.cents), cy: y(point.lag), r: ahead ? 5 : 3 });
    const chosen = point.candidate === best;
    const group = shape("g", { class: ["point", ahead && "ahead", chosen && "best", point.lag > goal && "late"].filter(Boolean).join(" ") }, mark);
    if (chosen) group.append(shape("circle", { cx: x(point.cents), cy: y(point.lag), r: 9, class: "ring" }));
    if (ahead) {
      group.setAttribute("tabindex", "0");
      group.setAttribute("role", "img");
      group.setAttribute("aria-label", told(point.candidate));
    }
    for (const event of ["mouseenter", "focus"]) group.addEventListener(event, () => show(point.candidate));
    svg.append(group);
  }
  return svg;
}
