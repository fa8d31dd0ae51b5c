// What the figures are made of: elements, sliders, maps in color, digits to click.
import { answer, get } from "./network.mjs";
import { largest } from "./tensor.mjs";

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// An element of a drawing in SVG.
export function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Numbers in rows, `width` in each.
export function numbers(caption, values, width) {
  const [cells, rows] = [Array.from(values, (v) => make("td", {}, number(v))), []];
  while (cells.length) rows.push(make("tr", {}, ...cells.splice(0, width)));
  return make("table", { class: "live-numbers" }, make("caption", {}, caption), ...rows);
}

export const table = (heads, rows) => make("table", { class: "live-plain" },
  make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows));

export function slider(label, { min, max, step = 1, value, show = String }, change) {
  const written = make("output", {}, show(value));
  const say = () => input.setAttribute("aria-valuetext", (written.textContent = show(Number(input.value))));
  const input = make("input", { type: "range", min, max, step, value, oninput: () => (say(), change(Number(input.value))) });
  const row = make("label", { class: "live-slider" }, make("span", {}, label), input, written);
  row.set = (to) => ((input.value = to), say());
  return row;
}

export function button(text, act, attributes = {}) {
  return make("button", { type: "button", class: "live-button", onclick: act, ...attributes }, text);
}

// Minus signs as in print, and as many digits behind the point.
export const number = (v, digits = 2) => v.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

const [ABOVE, BELOW] = [[213, 94, 0], [0, 114, 178]]; // vermilion, blue
const UP = { dark: [255, 150, 60], light: ABOVE };
const DOWN = { dark: [86, 180, 233], light: BELOW };
export const theme = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// Hands the steps of arrow keys to `act`, to the right and down; what other keys do says `others`.
export function onArrows(element, act, others = {}) {
  element.addEventListener("keydown", (event) => {
    if (!ARROWS[event.key] && !others[event.key]) return;
    event.preventDefault();
    ARROWS[event.key] ? act(...ARROWS[event.key]) : others[event.key]();
  });
}

// Calls back when the page changes between light and dark.
export function onTheme(change) {
  new MutationObserver(change).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

// Colors maps side by side, `per` in a row with a gap between: orange above zero, blue below,
// stronger the larger the value, nothing at zero. The canvas has a pixel for each value.
export function paint(canvas, values, [maps, h, w], { per = maps, most = 0, gap = 1 } = {}) {
  const rows = Math.ceil(maps / per);
  const [width, height] = [per * (w + gap) - gap, rows * (h + gap) - gap];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  most ||= values.reduce((top, v) => Math.max(top, Math.abs(v)), 1e-9);
  const [up, down] = [UP[theme()], DOWN[theme()]];
  for (let n = 0; n < values.length; n++) {
    const [map, y, x] = [Math.floor(n / (h * w)), Math.floor(n / w) % h, n % w];
    const at = (Math.floor(map / per) * (h + gap) + y) * width + (map % per) * (w + gap) + x;
    image.data.set(values[n] > 0 ? up : down, 4 * at);
    image.data[4 * at + 3] = 255 * Math.min(1, Math.abs(values[n]) / most);
  }
  context.putImageData(image, 0, 0);
}

// Paints a picture of ink from 0 to 1 now, in each new theme, and whenever what is returned is called.
export function keepPainted(canvas, ink, side) {
  const draw = () => paint(canvas, ink(), [1, side, side], { most: 1 });
  onTheme(draw);
  draw();
  return draw;
}

// Which value of a painted canvas a pointer is over: [map, row, column], or null in a gap.
export function valueAt(canvas, event, [maps, h, w], { per = maps, gap = 1 } = {}) {
  const box = canvas.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * canvas.width);
  const y = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
  const [column, row] = [Math.floor(x / (w + gap)), Math.floor(y / (h + gap))];
  const place = [row * per + column, y % (h + gap), x % (w + gap)];
  const inside = x >= 0 && y >= 0 && column < per && place[0] < maps && place[1] < h && place[2] < w;
  return inside ? place : null;
}

// Frames a part of a canvas, in its pixels.
export function mark(canvas, x, y, w = 1, h = 1) {
  const spot = make("i", { class: "live-mark" });
  const parts = { left: x / canvas.width, top: y / canvas.height, width: w / canvas.width, height: h / canvas.height };
  for (const [key, share] of Object.entries(parts)) spot.style[key] = `${100 * share}%`;
  canvas.parentElement.append(spot);
  return spot;
}

// Digits as bytes: { side, labels, groups: [{ title, from, to }] } and the ink of each.
export async function loadDigits(folder, name) {
  const found = await (await get(new URL(`${name}.json`, folder))).json();
  const bytes = Uint8Array.from(atob(found.ink), (letter) => letter.charCodeAt(0));
  const size = found.side ** 2;
  if (bytes.length !== size * found.labels.length) throw new Error("The file with the pictures is damaged.");
  const ink = (n) => Float32Array.from(bytes.subarray(n * size, (n + 1) * size), (v) => v / 255);
  return { ...found, count: found.labels.length, ink };
}

// A row of digits for each group; a click hands the number of one to `choose`.
export function digitButtons(digits, choose) {
  return digits.groups.map(({ title, from, to }) => {
    const row = make("div", { class: "live-digits" });
    for (let n = from; n < to; n++) {
      const picture = make("canvas", { "aria-hidden": "true" });
      keepPainted(picture, () => digits.ink(n), digits.side);
      row.append(button("", () => choose(n), { "aria-label": `a handwritten ${digits.labels[n]}` }));
      row.lastChild.append(picture);
    }
    return make("div", { role: "group", "aria-label": title }, make("p", {}, title), row);
  });
}

// Runs `act` once before the next picture, however often it is asked to.
export function soon(act) {
  let waiting = 0;
  return () => (waiting ||= requestAnimationFrame(() => ((waiting = 0), act())));
}

// What a network answers to each digit, some at a time, so that the page stays usable; null when
// `wanted` says that nobody waits any more.
export async function answersInTurn(network, digits, [paper, full], options, wanted) {
  const found = [];
  for (let n = 0, begun = performance.now(); n < digits.count; n++) {
    const image = digits.ink(n).map((v) => paper + (full - paper) * v);
    found.push(largest(answer(network, image, options)));
    if (performance.now() - begun < 20) continue;
    await new Promise((done) => setTimeout(done));
    if (!wanted()) return null;
    begun = performance.now();
  }
  return found;
}
