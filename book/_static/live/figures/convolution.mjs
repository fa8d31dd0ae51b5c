// A convolution with its sizes on sliders; the sum of one output is written out.
import { columns, conv, outputSize } from "../operations.mjs";
import { tensor } from "../tensor.mjs";
import { loadDigits, make, mark, number, numbers, onArrows, onTheme, paint, slider, soon, valueAt } from "../ui.mjs";

const SETTINGS = {
  kernel: ["kernel size", { min: 1, max: 5, value: 3, show: (v) => `${v}×${v}` }],
  stride: ["stride", { min: 1, max: 3, value: 1 }],
  padding: ["padding", { min: 0, max: 4, value: 0 }],
  dilation: ["dilation", { min: 1, max: 3, value: 1 }],
};
// Weights by their place in the window, from -1 to 1 in both directions.
const KERNELS = {
  "an upright edge": (x) => Math.sign(x),
  "a level edge": (x, y) => Math.sign(y),
  "the mean": (x, y, n) => 1 / n ** 2,
};

export default async function fill(stage, { folder, digits: name, first }) {
  const digits = await loadDigits(folder, name);
  const { side } = digits;
  const image = tensor([1, side, side], digits.ink(first));
  const chosen = Object.fromEntries(Object.entries(SETTINGS).map(([key, [, { value }]]) => [key, value]));
  let [place, kind, size] = [[9, 10], Object.keys(KERNELS)[0], [0, 0]];
  const update = soon(show);
  const picture = make("canvas", { role: "img", "aria-label": `a digit of ${side}×${side} pixels with its padding` });
  const map = make("canvas", { role: "application", tabindex: 0, "aria-label": "the output; arrow keys choose a place" });
  const frames = [picture, map].map((canvas) => make("div", { class: "live-frame" }, canvas));
  const [sizes, sum, fields] = [make("p", { "aria-live": "polite" }), make("p"), make("p")];
  const tables = make("div", { class: "live-pair" });

  function show() {
    const { kernel, stride, padding, dilation } = chosen;
    const settings = { stride: [stride, stride], padding: [padding, padding], dilation: [dilation, dilation] };
    const weight = tensor([1, 1, kernel, kernel]);
    const at = (n) => (kernel > 1 ? (2 * n) / (kernel - 1) - 1 : 1);
    weight.data.forEach((_, n) => {
      weight.data[n] = KERNELS[kind](at(n % kernel), at(Math.floor(n / kernel)), kernel);
    });
    size = outputSize(image.shape, [kernel, kernel], settings);
    const span = dilation * (kernel - 1) + 1;
    const wide = side + 2 * padding;
    const padded = new Float32Array(wide ** 2);
    image.data.forEach((v, n) => (padded[(Math.floor(n / side) + padding) * wide + (n % side) + padding] = v));
    for (const spot of stage.querySelectorAll(".live-mark")) spot.remove();
    paint(picture, padded, [1, wide, wide], { most: 1 });
    Object.assign(frames[0].style, { width: `${(100 * wide) / (side + 8)}%` });
    const edge = frames[0].querySelector(".live-edge") ?? make("i", { class: "live-edge" });
    edge.style.inset = `${(100 * padding) / wide}%`;
    frames[0].append(edge);
    const output = conv([image], { settings, tensors: { weight } });
    paint(map, output.data, [1, ...size]);
    frames[1].style.width = `${(100 * size[1]) / (side + 8)}%`;
    place = place.map((v, axis) => Math.min(size[axis] - 1, v));
    const [row, column] = place;
    for (let n = 0; n < kernel ** 2; n++) {
      mark(picture, column * stride + (n % kernel) * dilation, row * stride + Math.floor(n / kernel) * dilation);
    }
    mark(map, column, row);
    const columnsOf = columns(image, 0, 1, [kernel, kernel], settings, size);
    const seen = Array.from(weight.data, (_, n) => columnsOf[n * size[0] * size[1] + row * size[1] + column]);
    const terms = seen.map((v, n) => [weight.data[n], v]).filter(([w, v]) => w && v);
    const written = terms.map(([w, v]) => `${number(w)} · ${number(v)}`).join(" + ").replaceAll("+ −", "− ");
    const value = output.data[row * size[1] + column];
    sizes.textContent = `Size of the output: ⌊(${side} + 2·${padding} − ${span}) / ${stride}⌋ + 1 = ${size[0]}, ` +
      `where ${span} = ${dilation}·(${kernel} − 1) + 1 pixels are what the window spans.`;
    sum.textContent = `Row ${row}, column ${column}: ${written || "nothing but zeros"} = ${number(value)}` +
      (terms.length < seen.length ? `. The other ${seen.length - terms.length} of ${seen.length} products are 0.` : ".");
    let [field, jump] = [1, 1];
    const sees = [1, 2, 3].map(() => {
      field += (span - 1) * jump;
      jump *= stride;
      return `${field}×${field}`;
    });
    fields.textContent = `Receptive field of a unit: ${sees[0]} pixels; behind two such layers ${sees[1]}, behind three ${sees[2]}.`;
    tables.replaceChildren(numbers("inputs", seen, kernel), numbers("weights", weight.data, kernel));
  }

  const point = (event) => {
    const found = valueAt(map, event, [1, ...size]);
    if (found) [place] = [found.slice(1)];
    update();
  };
  for (const kind of ["pointermove", "pointerdown"]) map.addEventListener(kind, point);
  onArrows(map, (...step) => {
    place = place.map((v, axis) => (v + step[1 - axis] + size[axis]) % size[axis]);
    update();
  });
  const choice = make("select", { class: "live-button", onchange: () => ((kind = choice.value), update()) },
    ...Object.keys(KERNELS).map((known) => make("option", {}, known)));
  const sliders = Object.entries(SETTINGS).map(([key, [label, settings]]) =>
    slider(label, settings, (v) => ((chosen[key] = v), update())));
  stage.append(make("div", { class: "live-columns live-wide" },
    make("div", {}, ...sliders, make("label", { class: "live-slider" }, make("span", {}, "looks for"), choice)),
    make("div", {}, make("p", {}, "picture, window"), frames[0]),
    make("div", {}, make("p", {}, "output"), frames[1])), sizes, sum, tables, fields);
  onTheme(show);
  show();
}
