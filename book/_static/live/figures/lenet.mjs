// A digit on its way through a network of the LeNet family: draw, see every map, point at a unit.
import { loadNetwork, run } from "../network.mjs";
import { changed, framed, makeSurface, placed } from "../surface.mjs";
import { largest } from "../tensor.mjs";
import { button, digitButtons, loadDigits, make, mark, number, numbers, onArrows, onTheme, paint, slider, soon, valueAt } from "../ui.mjs";

const SLIDERS = {
  right: ["to the right", { min: -8, max: 8, value: 0, show: (v) => `${number(v, 0)} pixels` }],
  down: ["down", { min: -8, max: 8, value: 0, show: (v) => `${number(v, 0)} pixels` }],
  turn: ["turned by", { min: -60, max: 60, step: 2, value: 0, show: (v) => `${number(v, 0)}°` }],
  thick: ["thicker by", { min: -1, max: 2, step: 0.1, value: 0, show: (v) => `${number(v, 1)} pixels` }],
};
const UNITS_PER_ROW = { 84: 7, 120: 20, 30: 15 }; // F6 as the drawings that it is compared with
const MOST_WRITTEN = 8; // maps whose numbers are written out

// What a stage shows: maps as they are, a list of values as maps of one pixel.
const layout = (shape, place) => {
  const maps = shape.length === 1 ? [shape[0], 1, 1] : shape;
  const [count, side] = maps;
  if (side === 1) return [maps, { per: UNITS_PER_ROW[count] ?? count, gap: 0 }];
  const per = place === 1 ? Math.ceil(count / 2) : count % 8 === 0 ? 8 : Math.min(count, 6);
  return [maps, { per, gap: 1 }];
};

// The part of the image that a place of a step depends on: [top, left, bottom, right].
function field(network, name, row, column) {
  let spans = [[row, row], [column, column]];
  for (let node = network.find(name); node; node = network.find(node.inputs[0])) {
    const { settings, op } = node;
    const before = network.find(node.inputs[0])?.shape ?? network.input;
    spans = spans.map(([from, to], axis) => {
      if (op === "linear" || op === "flatten") return [0, (before[axis + 1] ?? 1) - 1];
      if (op === "subsample") return [2 * from, 2 * to + 1];
      if (op === "pad") return [from, to].map((v) => v - settings.border[axis ? 0 : 2]);
      if (op !== "conv" && op !== "maxpool") return [from, to];
      const size = settings.size?.[axis] ?? node.tensors.weight.shape[2 + axis];
      const [first, last] = [from, to].map((v) => v * settings.stride[axis] - settings.padding[axis]);
      return [first, last + size - 1];
    });
  }
  const last = network.input.slice(1).map((n) => n - 1);
  return [0, 1].map((end) => spans.map((span, axis) => Math.min(last[axis], Math.max(0, span[end])))).flat();
}

// Weights, inputs and sum of a unit, written out.
function unitText(network, values, stage, [map, row, column]) {
  const squash = network.find(stage.name);
  const node = network.find(squash.inputs[0]);
  const input = values[node.inputs[0]];
  const { weight, bias } = node.tensors;
  const at = (map * stage.maps[1] + row) * stage.maps[2] + column;
  const name = node.name.toUpperCase();
  const [parts, tables] = [[], []];
  if (node.op === "conv") {
    const [, maps, kh, kw] = weight.shape;
    const [, height, width] = input.shape;
    const reads = node.settings.reads?.[map] ?? [...Array(maps).keys()];
    const [top, left] = [row * node.settings.stride[0], column * node.settings.stride[1]];
    for (const k of reads) {
      const kernel = weight.data.subarray((map * maps + k) * kh * kw, (map * maps + k + 1) * kh * kw);
      const seen = kernel.map((_, n) => input.data[(k * height + top + Math.floor(n / kw)) * width + left + (n % kw)]);
      parts.push(seen.reduce((sum, v, n) => sum + v * kernel[n], 0));
      if (reads.length <= MOST_WRITTEN) {
        tables.push(make("div", { class: "live-pair" }, numbers(`inputs of map ${k}`, seen, kw), numbers("weights", kernel, kw)));
      }
    }
  } else if (node.op === "subsample") {
    const [, height, width] = input.shape;
    const seen = [0, 1, 2, 3].map((n) => input.data[(map * height + 2 * row + (n >> 1)) * width + 2 * column + (n & 1)]);
    parts.push(weight.data[map] * seen.reduce((sum, v) => sum + v, 0));
    tables.push(make("div", { class: "live-pair" }, numbers("inputs", seen, 2), numbers("their weight", [weight.data[map]], 1)));
  } else {
    const width = weight.shape[1];
    parts.push(weight.data.subarray(map * width, (map + 1) * width).reduce((sum, v, n) => sum + v * input.data[n], 0));
  }
  const count = node.op === "subsample" ? 4 : node.op === "linear" ? weight.shape[1] : parts.length * weight.shape[2] * weight.shape[3];
  const b = bias.data.length === weight.shape[0] ? bias.data[map] : bias.data[at];
  const sums = parts.length > 1 ? parts.map((v) => (v < 0 ? `(${number(v)})` : number(v))).join(" + ") : number(parts[0]);
  const text = `${name}, ${stage.maps[1] > 1 ? `map ${map}, row ${row}, column ${column}` : `unit ${map}`}: ` +
    `${count} inputs. ${parts.length > 1 ? "Sums of weight × input, map by map" : "Sum of weight × input"}: ${sums}; ` +
    `bias ${number(b)}; in all ${number(values[node.name].data[at])}; squashed ${number(values[stage.name].data[at])}.`;
  return [make("p", {}, text), ...tables];
}

export default async function fill(stage, options) {
  const { folder, levels, inner, box, mass = false } = options;
  const [network, digits] = await Promise.all([
    loadNetwork(folder, options.network), loadDigits(folder, options.digits)]);
  const side = network.input[1];
  const [change, update] = [{}, soon(compute)];
  const surface = makeSurface(update);
  let [values, unit] = [null, null];

  const names = ["input", ...network.nodes.filter(({ op }) => op === "tanh").map(({ name }) => name)];
  if (!network.find("output").tensors.codes) names.pop(); // the answers are shown as bars
  const stages = names.map((name, place) => {
    const node = network.find(name);
    const [maps, grid] = layout(node?.shape ?? network.input, place);
    const title = node ? node.inputs[0].toUpperCase() : "input";
    const size = maps[1] > 1 ? `${maps[0] > 1 ? `${maps[0]} maps of ` : ""}${maps[1]}×${maps[2]}` : `${maps[0]} units`;
    const canvas = make("canvas", { tabindex: node ? 0 : null, role: node ? "application" : "img", "aria-label": node ? `${title}, ${size}; arrows point at a unit, Page keys change the map` : "what the network sees" });
    const frame = make("div", { class: "live-frame" }, canvas);
    const narrow = grid.per * maps[2] < 8 || !node ? " live-narrow" : "";
    const row = make("div", { class: `live-stage-row${narrow}` }, make("span", {}, make("b", {}, title), ` ${size}`), frame);
    const one = { name, title, maps, grid, canvas, row };
    for (const kind of node ? ["pointermove", "pointerdown"] : []) {
      canvas.addEventListener(kind, (event) => point(one, valueAt(canvas, event, maps, grid)));
    }
    if (node) onArrows(canvas, (...step) => go(one, ...step), { PageUp: () => go(one, 0, 0, -1), PageDown: () => go(one, 0, 0, 1) });
    return one;
  });

  const output = network.find("output");
  const { codes } = output.tensors;
  const bars = Array.from({ length: 10 }, (_, n) => {
    const bar = make("div", { class: "live-bar" }, make("span"));
    const picture = codes ? make("canvas", { class: "live-code", "aria-hidden": "true" }) : "";
    return { bar, picture, row: make("div", { class: "live-answer" }, make("b", {}, String(n)), picture, bar, make("span", { class: "live-value" })) };
  });
  const said = make("output", { class: "live-answer-text", "aria-live": "polite" });
  const about = make("div", { class: "live-unit" });

  function compute() {
    const own = surface.drawn ? placed(surface.ink, surface.side, { side: inner, box, mass }) : surface.ink;
    const ink = changed(framed(own, inner, side, [0, 1]), side, change);
    values = run(network, framed(ink, side, side, levels));
    show();
  }

  function show() {
    const { input } = values;
    paint(stages[0].canvas, input.data.map((v) => (v - levels[0]) / (levels[1] - levels[0])), stages[0].maps, { most: 1 });
    for (const { name, maps, grid, canvas } of stages.slice(1)) paint(canvas, values[name].data, maps, { ...grid, most: 1.7159 });
    const scores = values[codes ? output.name : network.output].data;
    const best = largest(values[network.output].data);
    const most = codes ? Math.max(...scores) : 2 * 1.7159;
    bars.forEach(({ bar, row, picture }, n) => {
      if (codes) paint(picture, codes.data.subarray(84 * n, 84 * (n + 1)), [1, 12, 7]);
      row.classList.toggle("live-best", n === best);
      bar.firstChild.style.width = `${(100 * (codes ? scores[n] : scores[n] + 1.7159)) / most}%`;
      row.lastChild.textContent = number(scores[n], codes ? 0 : 2);
    });
    said.textContent = surface.ink.some((v) => v > 0.1)
      ? `Answer: ${best}` + (surface.label === undefined || surface.drawn ? "" : `; a person wrote ${surface.label}`)
      : "No digit yet: draw one, or choose one below.";
    if (unit) point(unit.stage, unit.place);
  }

  function point(one, place) {
    if (!place || !values) return;
    unit = { stage: one, place };
    show.marks?.forEach((spot) => spot.remove());
    const [top, left, bottom, right] = field(network, one.name, place[1], place[2]);
    const { per, gap } = one.grid;
    const [, h, w] = one.maps;
    const [x, y] = [(place[0] % per) * (w + gap) + place[2], Math.floor(place[0] / per) * (h + gap) + place[1]];
    show.marks = [mark(stages[0].canvas, left, top, right - left + 1, bottom - top + 1), mark(one.canvas, x, y)];
    about.replaceChildren(...unitText(network, values, one, place));
  }

  function go(one, right, down, maps = one.maps[1] === 1 ? right + down * one.grid.per : 0) {
    const place = unit?.stage === one ? unit.place : [0, 0, 0];
    point(one, [maps, down, right].map((step, axis) => (place[axis] + step + one.maps[axis]) % one.maps[axis]));
  }

  const sliders = Object.entries(SLIDERS).map(([key, [label, settings]]) =>
    slider(label, settings, (v) => ((change[key] = v), update())));
  const reset = () => sliders.forEach((row, n) => (row.set(0), (change[Object.keys(SLIDERS)[n]] = 0)));
  const choose = (n) => {
    reset();
    surface.label = digits.labels[n];
    surface.set(digits.ink(n), digits.side);
  };
  const clear = button("Clear", () => (reset(), surface.clear()));
  stage.append(
    make("div", { class: "live-columns" },
      make("div", { class: "live-draw" }, surface.element, clear, ...sliders),
      make("div", { class: "live-maps" }, ...stages.map(({ row }) => row)),
      make("div", { class: "live-answers" }, make("p", {}, codes ? "distance to each drawing" : "score of each digit"), ...bars.map(({ row }) => row), said)),
    ...digitButtons(digits, choose), about);
  about.append(make("p", {}, "Point at a unit of a map: the part of the digit that it sees is framed, and its sum is written out here."));
  linkTable(stages);
  onTheme(() => values && show());
  choose(options.first);
  compute();
}

// Rows of the chapter's table of layers light up the maps of their layer.
function linkTable(stages) {
  for (const row of document.querySelectorAll("table.dataframe tbody tr")) {
    const cell = row.querySelector("th, td");
    const one = stages.find(({ title }) => title === cell?.textContent.trim().toUpperCase());
    if (!one || row.dataset.linked) continue;
    row.dataset.linked = one.title;
    row.tabIndex = 0;
    const light = (on) => () => one.row.classList.toggle("live-lit", on);
    for (const name of ["pointerenter", "focus"]) row.addEventListener(name, light(true));
    for (const name of ["pointerleave", "blur"]) row.addEventListener(name, light(false));
  }
}
