// Cost against lag: a point for each run that came to its end, the frontier as steps, the goal as lines. It is drawn in
// the size in which it stands, so that its letters are as large as those around it.

/** Lags that have a line, in microseconds. */
const LADDER = [
  [1e3, "1 ms"], [1e4, "10 ms"], [1e5, "100 ms"], [1e6, "1 s"], [1e7, "10 s"], [6e7, "1 min"], [6e8, "10 min"],
  [3.6e9, "1 h"], [3.6e10, "10 h"], [8.64e10, "1 d"], [6.048e11, "7 d"], [2.6784e12, "31 d"],
].map(([lag, words]) => [lag, words.replace(" ", "\u00a0")]);

const dollars = (cents) => `$${(cents / 100).toLocaleString("en", { maximumFractionDigits: cents % 100 === 0 ? 0 : 2 })}`;

function shape(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Round numbers of cents up to `most`, with at least `room` pixels between them. */
function rounds(most, width, room) {
  const rough = Math.max(1, (most * room) / width);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => power * factor >= rough);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, place) => place * step);
}

/**
 * Draws into `svg`. `points` are {candidate, cents, lag, cost, late}, cheapest first, with `cost` and `late` as words;
 * `frontier`, `best` and `current` name some of them; `goal` is {lag, words, cents}; `most` is what the dearest costs at
 * least. `name(candidate)` gives the words of a point; `seen` is the one that the keyboard comes to.
 */
export function plot(svg, { points, frontier, best, current, goal, most: floor, name, seen }) {
  const { width, height } = svg.getBoundingClientRect();
  if (width === 0) return;
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const [left, right, top, bottom] = [4.3 * rem, width - 0.9 * rem, 1.7 * rem, height - 2.7 * rem];
  const lags = [...points.map((point) => point.lag), goal.lag].filter((lag) => lag > 0);
  if (lags.length === 0) lags.push(1e6);
  const low = LADDER.findLast(([lag]) => lag < Math.min(...lags))?.[0] ?? 1e3;
  const high = LADDER.find(([lag]) => lag > Math.max(...lags))?.[0] ?? LADDER.at(-1)[0];
  const most = Math.max(100, goal.cents ?? 0, points.length > 0 ? 0 : floor ?? 0, ...points.map((point) => point.cents)) * 1.08;
  const x = (cents) => left + ((right - left) * cents) / most;
  const y = (lag) => bottom - ((bottom - top) * Math.log(Math.max(lag, low) / low)) / Math.log(high / low);

  const parts = [];
  // What meets the goal lies below its line, and left of the budget.
  parts.push(shape("rect", { class: "bed", x: left, y: y(goal.lag), width: x(goal.cents ?? most) - left, height: bottom - y(goal.lag) }));
  for (const [lag, words] of LADDER) {
    if (lag < low || lag > high) continue;
    parts.push(shape("path", { class: "hair", d: `M${left} ${y(lag)}H${right}` }),
      shape("text", { class: "e", x: left - 0.5 * rem, y: y(lag) + 0.32 * rem }, words));
  }
  for (const cents of rounds(most, right - left, 5 * rem)) {
    parts.push(shape("path", { class: "tick", d: `M${x(cents)} ${bottom}v${0.3 * rem}` }),
      shape("text", { class: "m", x: x(cents), y: bottom + 1.25 * rem }, dollars(cents)));
  }
  parts.push(
    shape("path", { class: "floor", d: `M${left} ${top}V${bottom}H${right}` }),
    shape("text", { class: "ink2", x: 0, y: 0.9 * rem }, "99\u00a0% done within"),
    shape("text", { class: "ink2 e", x: right, y: height - 0.35 * rem }, "cost of 30\u00a0days"),
    shape("path", { class: "lim", d: `M${left} ${y(goal.lag)}H${right}` }),
  );
  if (width > 36 * rem) {
    parts.push(shape("text", { class: "e", x: right, y: 0.9 * rem }, "large: the frontier; filled: meets the goal; hollow: misses it"));
  }
  if (goal.cents !== null) parts.push(shape("path", { class: "lim", d: `M${x(goal.cents)} ${top}V${bottom}` }));

  const on = frontier.map((candidate) => points.find((point) => point.candidate === candidate)).filter(Boolean);
  if (on.length > 0) {
    const steps = on.slice(1).map((point) => `H${x(point.cents)}V${y(point.lag)}`);
    parts.push(shape("path", { class: "line s-done", d: `M${x(on[0].cents)} ${y(on[0].lag)}${steps.join("")}H${right}` }));
  }
  const marks = points.map((point) => {
    const { candidate, cents, lag } = point;
    const ahead = frontier.includes(candidate);
    const [px, py] = [x(cents), y(lag)];
    const look = ["point", ahead && "ahead", (lag > goal.lag || cents > (goal.cents ?? cents)) && "late", candidate === best && "best"].filter(Boolean).join(" ");
    const mark = shape("g", {
      class: look, tabindex: candidate === seen ? 0 : -1, role: "img", "data-candidate": candidate,
      "aria-label": `${name(candidate)}: ${point.cost} in 30 days, 99 % done within ${point.late}`,
    }, shape("circle", { class: "near", cx: px, cy: py, r: 0.75 * rem }));
    if (candidate === best) mark.append(shape("circle", { class: "ring", cx: px, cy: py, r: 0.72 * rem }));
    if (candidate === current) mark.append(shape("rect", { class: "ring", x: px - 0.6 * rem, y: py - 0.6 * rem, width: 1.2 * rem, height: 1.2 * rem }));
    mark.append(shape("circle", { class: "dot", cx: px, cy: py, r: (ahead ? 0.36 : 0.24) * rem }));
    return mark;
  });
  // Those of the frontier lie above the others; keys go by cost all the same.
  marks.sort((a, b) => a.classList.contains("ahead") - b.classList.contains("ahead") || a.classList.contains("best") - b.classList.contains("best"));
  parts.push(...marks);

  parts.push(shape("text", { class: "halo e ink2", x: right, y: y(goal.lag) - 0.45 * rem }, `goal ${goal.words}`));
  if (goal.cents !== null) {
    parts.push(shape("text", { class: "halo ink2", x: x(goal.cents) - 0.4 * rem, y: top + 0.9 * rem, "text-anchor": "end" }, `at most ${dollars(goal.cents)}`));
  }
  const label = (point, words, strong) => {
    const beyond = x(point.cents) > left + (right - left) * 0.72;
    // Above, where the frontier comes down from the left to the right; below only at the upper edge.
    const dy = y(point.lag) < top + 1.6 * rem ? 1.6 * rem : -0.95 * rem;
    parts.push(shape("text", {
      class: `halo ink${beyond ? " e" : ""}${strong ? " strong" : ""}`, x: x(point.cents) + (beyond ? -0.4 : 0.4) * rem, y: y(point.lag) + dy,
    }, words));
  };
  const chosen = points.find((point) => point.candidate === best);
  if (chosen) label(chosen, `${chosen.cost}, ${chosen.late}`, true);
  const now = points.find((point) => point.candidate === current);
  if (now && current !== best) label(now, "as it stands", false);

  const focused = svg.contains(document.activeElement) ? document.activeElement.dataset.candidate : null;
  svg.replaceChildren(...parts);
  if (focused !== null) svg.querySelector(`[data-candidate="${focused}"]`)?.focus();
}
