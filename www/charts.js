// Time plots on uPlot. A plot lies in three layers: hairlines with their labels, the data on uPlot's canvas, the
// limit. The data is drawn when it changes; the cursor only moves a mask over the canvas, which fades what comes
// after it and hides what has not been shown yet.

/** uPlot, once it is here. It is fetched with the first data: before a run no plot needs it. */
let uPlot = null;
let coming = null;

function fetchLibrary() {
  const { plots } = document.documentElement.dataset;
  coming ??= import(new URL(plots, document.baseURI)).then(
    (library) => {
      uPlot = library.default;
    },
    // The next data asks again; all the rest of the page goes on without it.
    () => {
      coming = null;
    },
  );
  return coming;
}

/**
 * Resolves in a task of its own and a frame of its own, after all who asked before: to make a plot takes too long to do
 * several in a row, and so does the browser's work on their new canvases in one frame.
 */
let turn = Promise.resolve();
function nextTurn() {
  turn = turn.then(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  return turn;
}

const FADED = 0.28;
const SVG = "http://www.w3.org/2000/svg";

/** Colours and widths as the style sheet has them now, resolved for the theme in force. */
function readInk(element) {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const style = getComputedStyle(element);
  const width = (name, usual) => parseFloat(style.getPropertyValue(name)) || usual;
  const ink = {
    flow: colour("--flow"),
    lost: colour("--lost"),
    done: colour("--done"),
    wait: colour("--wait"),
    thin: colour("--ink-3"),
    paper: colour("--paper"),
    line: width("--line-data", 1.75),
  };
  probe.remove();
  return ink;
}

/** The same colour, let through in part. */
function translucent(colour, alpha) {
  return colour.replace(/^rgb\(([^)]*)\)$/, (_, parts) =>
    parts.includes(",") ? `rgba(${parts}, ${alpha})` : `rgb(${parts} / ${alpha})`);
}

/** A pattern of bars `bar` wide every `period` CSS pixels, turned by `degrees`: the second sign of a meaning. */
function pattern(context, colour, period, bar, ground, degrees) {
  const dpr = devicePixelRatio || 1;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.max(2, Math.round(period * dpr));
  const brush = tile.getContext("2d");
  brush.fillStyle = translucent(colour, ground);
  brush.fillRect(0, 0, tile.width, tile.height);
  brush.fillStyle = colour;
  brush.fillRect(0, 0, Math.round((bar / period) * tile.width), tile.height);
  const fill = context.createPattern(tile, "repeat");
  fill.setTransform(new DOMMatrix().rotate(degrees));
  return fill;
}

/** The series and bands of each kind of plot. `ink` and `fill` are asked at every drawing. */
function looks(kind, plot) {
  const points = { show: false };
  const line = (colour, more) => ({ stroke: () => plot.ink[colour], width: plot.ink.line, points, ...more });
  const none = { stroke: null, width: 0, points };
  switch (kind) {
    case "rates":
      return {
        series: [
          line("thin", { width: 1.25 }),
          { ...none, fill: () => translucent(plot.ink.flow, 0.9) },
          line("paper", { width: plot.ink.line + 2 }),
          line("done"),
        ],
        bands: [{ series: [1, 2], fill: () => plot.hatch() }],
        // The processed line is drawn twice: a casing of paper, then the line.
        columns: [0, 1, 2, 2],
      };
    case "age":
      return { series: [line("wait")], columns: [0] };
    case "backlog":
      return { series: [line("wait", { fill: () => plot.stripes() })], columns: [0] };
    case "concurrency":
      return {
        series: [
          line("thin", { width: 1.25 }),
          none,
          line("done", { fill: () => translucent(plot.ink.done, 0.45) }),
          line("thin", { width: 1.5, dash: [4, 3] }),
          line("wait"),
        ],
        // Between those that work and those that are busy are those that still start.
        bands: [{ series: [2, 3], fill: () => plot.stripes() }],
        columns: [0, 1, 2, 3, 4],
      };
    default:
      return {
        series: [line("done", { spanGaps: true, dash: [5, 3] }), line("done", { spanGaps: true })],
        columns: [1, 0],
      };
  }
}

function svgElement(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

function layer(parent) {
  const svg = svgElement("svg", { "aria-hidden": "true" }, parent);
  Object.assign(svg.style, { position: "absolute", inset: "0", width: "100%", height: "100%", pointerEvents: "none" });
  return svg;
}

/** A plot inside an element that has a size and is positioned. */
export class TimePlot {
  /** `kind`: "rates", "age", "backlog", "concurrency" or "latency". */
  constructor(element, kind) {
    this.element = element;
    this.kind = kind;
    this.gapped = kind === "latency" || kind === "concurrency";
    this.ink = readInk(element);
    this.scale = { min: 0, max: 1, log: false, length: 1 };
    this.lines = [];
    this.limit = null;
    this.promise = [];
    this.at = 0;
    this.frontier = 0;
    this.below = layer(element);
    this.box = document.createElement("div");
    Object.assign(this.box.style, { position: "absolute", inset: "0", overflow: "hidden", pointerEvents: "none" });
    element.append(this.box);
    this.above = layer(element);
    this.uplot = null;
  }

  /** Width in CSS pixels; zero while the plot is not shown. */
  width() {
    return this.element.clientWidth;
  }

  /** Pixels kept free above the highest value, where its label stands. */
  headroom() {
    return (15 * parseFloat(getComputedStyle(document.documentElement).fontSize)) / 14;
  }

  hatch() {
    return this.cached("hatch", () => pattern(this.uplot.ctx, this.ink.lost, 5, 2.4, 0.16, 45));
  }

  stripes() {
    return this.cached("stripes", () => pattern(this.uplot.ctx, this.ink.wait, 4, 2, 0.3, 0));
  }

  cached(name, make) {
    if (this.patterns?.dpr !== devicePixelRatio) this.patterns = { dpr: devicePixelRatio };
    return (this.patterns[name] ??= make());
  }

  /**
   * Makes the uPlot where it is missing: its scale kind and its line widths are fixed when it is made. Says whether
   * the plot is shown.
   */
  make() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return false;
    if (!uPlot) {
      if (this.data?.[0].length > 0) this.makeLater();
      return true;
    }
    const { series, bands } = looks(this.kind, this);
    this.patterns = null;
    this.madeLog = this.scale.log;
    this.uplot = new uPlot(
      {
        width,
        height,
        padding: [this.headroom(), 0, 1, 0],
        pxAlign: 0,
        legend: { show: false },
        cursor: { show: false },
        select: { show: false },
        axes: [{ show: false }, { show: false }],
        scales: {
          x: { time: false, range: () => [0, this.scale.length] },
          y: { range: () => [this.scale.min, this.scale.max], distr: this.scale.log ? 3 : 1 },
        },
        series: [{}, ...series],
        bands,
      },
      this.data ?? [[], ...series.map(() => [])],
      this.box,
    );
    const { canvas } = this.uplot.ctx;
    const faded = `rgb(0 0 0 / ${FADED})`;
    canvas.style.maskImage =
      `linear-gradient(to right, #000 var(--at), ${faded} var(--at), ${faded} var(--to), transparent var(--to))`;
    return true;
  }

  async makeLater() {
    await fetchLibrary();
    await nextTurn();
    if (uPlot && !this.uplot && this.data && this.make()) this.cursor(this.at, this.frontier);
  }

  /**
   * New data. `columns` are Float64Arrays over `xs`; `bounds` is [length, min, max, logarithmic]; `lines` are
   * values with `labels`; `limit` is NaN where there is none; `promise` is spread evenly over the run.
   */
  set(xs, columns, bounds, lines, labels, limit, limitLabel, promise) {
    const [length, min, max, log] = bounds;
    this.scale = { length, min, max, log: log === 1 };
    // What stands around the data seldom changes while a run goes on.
    const around = [...bounds, ...lines, ...labels, limit, limitLabel, ...promise].join();
    const same = this.uplot && around === this.around;
    this.around = around;
    this.lines = Array.from(lines, (value, index) => ({ value, label: labels[index] }));
    this.limit = Number.isNaN(limit) ? null : { value: limit, label: limitLabel };
    // It comes as a view of the module's memory, which is only good during this call.
    this.promise = promise.slice();
    const gapped = (column) => Array.from(column, (value) => (Number.isNaN(value) ? null : Math.max(value, min)));
    const order = looks(this.kind, this).columns;
    this.data = [xs, ...order.map((index) => (this.gapped ? gapped(columns[index]) : columns[index]))];
    if (this.uplot && this.madeLog !== this.scale.log) this.unmake();
    if (!this.uplot) {
      if (!this.make()) return;
    } else {
      this.uplot.setData(this.data);
    }
    if (same) return;
    this.frame();
    this.cursor(this.at, this.frontier);
  }

  /** What tells the vertical position of a value in CSS pixels. */
  vertical() {
    const { min, max, log } = this.scale;
    const top = this.headroom();
    const foot = this.element.clientHeight - 1;
    const share = log
      ? (value) => Math.log(Math.max(value, min) / min) / Math.log(max / min)
      : (value) => (value - min) / (max - min);
    return (value) => foot - share(value) * (foot - top);
  }

  /** Draws what stands around the data: hairlines, labels, the promise, the limit. */
  frame() {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.framed = { width, height };
    const rem = this.headroom() / 15;
    const yOf = this.vertical();
    const limitAt = this.limit ? yOf(this.limit.value) : -Infinity;
    this.below.replaceChildren();
    this.above.replaceChildren();
    let free = Infinity;
    for (const { value, label } of [...this.lines].sort((a, b) => a.value - b.value)) {
      const y = yOf(value);
      svgElement("path", { class: "hair", d: `M0 ${y}H${width}` }, this.below);
      if (free - y < 12 * rem || (limitAt - y > -12 * rem && limitAt - y < 13 * rem)) continue;
      svgElement("text", { class: "e", x: width - 2, y: y - 3 }, this.below).textContent = label;
      free = y;
    }
    this.dashes = null;
    if (this.promise.length > 1) {
      const step = width / this.promise.length;
      const points = Array.from(this.promise, (value, index) => `${(index + 0.5) * step} ${yOf(value)}`);
      const d = `M0 ${yOf(this.promise[0])}L${points.join("L")}`;
      this.dashes = svgElement("path", { class: "line s-off dash", d }, this.below);
    }
    if (this.limit) {
      svgElement("path", { class: "lim", d: `M0 ${limitAt}H${width}` }, this.above);
      const label = svgElement("text", { class: "ink2 e", x: width - 2, y: limitAt - 4 }, this.above);
      label.textContent = this.limit.label;
    }
  }

  /** Moves the cursor; both in seconds of the run. Costs a style change, no drawing. */
  cursor(at, frontier) {
    this.at = at;
    this.frontier = Math.max(at, frontier);
    if (this.dashes) this.dashes.style.display = this.frontier > 0 ? "none" : "";
    if (!this.uplot) return;
    const { style } = this.uplot.ctx.canvas;
    const share = (seconds) => `${Math.min(100, (seconds / this.scale.length) * 100)}%`;
    style.setProperty("--at", share(this.at));
    style.setProperty("--to", share(this.frontier));
  }

  /** Follows the size of the element. */
  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height || !this.data) return;
    if (this.framed?.width === width && this.framed.height === height) return;
    if (this.uplot) this.uplot.setSize({ width, height });
    else this.make();
    this.frame();
    this.cursor(this.at, this.frontier);
  }

  /** Reads the style sheet's colours and widths again and draws with them. */
  retheme() {
    this.ink = readInk(this.element);
    if (!this.data) return;
    this.unmake();
    if (!this.make()) return;
    this.frame();
    this.cursor(this.at, this.frontier);
  }

  unmake() {
    this.uplot?.destroy();
    this.uplot = null;
  }

  /** Takes the plot out of its element. */
  destroy() {
    this.unmake();
    this.data = null;
    for (const part of [this.below, this.box, this.above]) part.remove();
  }
}
