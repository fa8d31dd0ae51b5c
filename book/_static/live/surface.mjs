// A surface to draw on with mouse, finger, pen or keys, and what is done to the drawing.
import { beside } from "./tensor.mjs";
import { make, onArrows, onTheme, paint } from "./ui.mjs";

const SIDE = 28;
const HELP = "Draw a digit with mouse, finger or pen. With keys: arrows move the pen, " +
  "Space puts it down or lifts it, Delete clears.";

// `change` is called after every stroke; `ink` has values from 0 to 1, `drawn` says by whom. What
// is shown is what `seen` makes of the ink.
export function makeSurface(change, { side: whole = SIDE, help = HELP, seen = (ink) => ink } = {}) {
  const canvas = make("canvas", { class: "live-surface", tabindex: 0, role: "application", "aria-label": help });
  const surface = { element: canvas, side: whole, ink: new Float32Array(whole ** 2), drawn: true, show };
  const pen = { x: whole / 2, y: whole / 2, down: false, shown: false };

  function show() {
    paint(canvas, seen(surface.ink), [1, surface.side, surface.side], { most: 1 });
    const context = canvas.getContext("2d");
    if (pen.shown) {
      context.fillStyle = pen.down ? "#009e73" : "#888";
      context.fillRect(Math.floor(pen.x), Math.floor(pen.y), 1, 1);
    }
  }

  function line(x0, y0, x1, y1) {
    const { side, ink } = surface;
    const [dx, dy] = [x1 - x0, y1 - y0];
    ink.forEach((v, n) => {
      const [x, y] = [(n % side) + 0.5 - x0, Math.floor(n / side) + 0.5 - y0];
      const along = Math.min(1, Math.max(0, (x * dx + y * dy) / (dx * dx + dy * dy || 1))); // the nearest of the line
      ink[n] = Math.max(v, Math.min(1, side / 22 + 0.5 - Math.hypot(x - along * dx, y - along * dy)));
    });
    surface.drawn = true;
    show();
    change();
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map((v) => (v * surface.side) / box.width);
  };
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture?.(event.pointerId);
    last = place(event);
    pen.shown = false;
    line(...last, ...last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const here = place(event);
    line(...last, ...here);
    last = here;
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));
  const clear = () => surface.clear();
  const penTo = (right, down) => {
    const before = [pen.x, pen.y];
    [pen.x, pen.y] = [pen.x + right, pen.y + down].map((v) => Math.min(surface.side - 1, Math.max(0.5, v)));
    pen.shown = true;
    if (pen.down) line(...before, pen.x, pen.y);
    show();
  };
  onArrows(canvas, penTo, { " ": () => ((pen.down = !pen.down), penTo(0, 0)), Delete: clear, Backspace: clear });
  canvas.addEventListener("blur", () => {
    pen.shown = pen.down = false;
    show();
  });
  onTheme(show);

  surface.set = (ink, side, drawn = false) => {
    Object.assign(surface, { ink, side, drawn });
    Object.assign(pen, { x: side / 2, y: side / 2 });
    show();
    change();
  };
  surface.clear = () => surface.set(new Float32Array(whole ** 2), whole, true);
  show();
  return surface;
}

// The value between the pixels around a place; outside is paper.
function between(ink, side, x, y) {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  let sum = 0;
  for (const [dy, dx] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
    const [r, c] = [row + dy, column + dx];
    if (r < 0 || c < 0 || r >= side || c >= side) continue;
    sum += ink[r * side + c] * (dy ? y - row : 1 - y + row) * (dx ? x - column : 1 - x + column);
  }
  return sum;
}

// The drawing scaled so that its longer side is `box` pixels, in the middle of `side` pixels: its
// center of mass with `mass`, as MNIST has its digits, else the center of its box.
export function placed(ink, from, { side, box, mass }) {
  const on = [...ink.keys()].filter((n) => ink[n] > 0.1);
  if (!on.length) return new Float32Array(side ** 2);
  const ends = (values) => [Math.min(...values), Math.max(...values) + 1];
  const [x0, x1] = ends(on.map((n) => n % from));
  const [y0, y1] = ends(on.map((n) => Math.floor(n / from)));
  const zoom = Math.max(x1 - x0, y1 - y0) / box;
  let [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
  if (mass) {
    const total = ink.reduce((sum, v) => sum + v, 0);
    cx = ink.reduce((sum, v, n) => sum + v * ((n % from) + 0.5), 0) / total;
    cy = ink.reduce((sum, v, n) => sum + v * (Math.floor(n / from) + 0.5), 0) / total;
  }
  const parts = Math.max(1, Math.ceil(zoom * 2)); // of a pixel, whose mean is taken
  return Float32Array.from({ length: side ** 2 }, (_, n) => {
    let sum = 0;
    for (let k = 0; k < parts ** 2; k++) {
      const x = (n % side) + ((k % parts) + 0.5) / parts - side / 2;
      const y = Math.floor(n / side) + (Math.floor(k / parts) + 0.5) / parts - side / 2;
      sum += between(ink, from, cx + x * zoom - 0.5, cy + y * zoom - 0.5);
    }
    return sum / parts ** 2;
  });
}

// Lets each pixel grow (above 0) or shrink (below) by so many pixels.
function thickened(ink, side, amount) {
  for (let left = Math.abs(amount); left > 0; left -= 1) {
    const [share, old] = [Math.min(1, left), ink];
    const pick = amount > 0 ? Math.max : Math.min;
    ink = old.map((v, n) => (1 - share) * v + share * pick(v, ...beside(n, side).map((k) => old[k] ?? 0)));
  }
  return ink;
}

// Moves by pixels, turns by degrees around the middle, and thickens.
export function changed(ink, side, { right = 0, down = 0, turn = 0, thick = 0 }) {
  const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
  const middle = (side - 1) / 2;
  const moved = ink.map((_, n) => {
    const [x, y] = [(n % side) - middle - right, Math.floor(n / side) - middle - down];
    return between(ink, side, middle + cos * x + sin * y, middle - sin * x + cos * y);
  });
  return thickened(right || down || turn ? moved : ink, side, thick);
}

// Ink in the middle of a larger side, in the values that a network reads.
export function framed(ink, from, side, [paper, full]) {
  const margin = (side - from) / 2;
  const data = new Float32Array(side ** 2).fill(paper);
  ink.forEach((v, n) => {
    data[(Math.floor(n / from) + margin) * side + (n % from) + margin] = paper + (full - paper) * v;
  });
  return data;
}
