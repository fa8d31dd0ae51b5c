// A ball is dropped on a surface; six update rules go down from there, each with its own rate.
import { button, draw, make, number, onArrows, onTheme, slider, soon, table, theme } from "../ui.mjs";

const [WIDTH, HEIGHT, MOST] = [440, 240, 300]; // of the picture in pixels; steps of a race
const COLORS = {
  light: ["#0072b2", "#d55e00", "#009e73", "#b0578d", "#8a6000", "#333333"],
  dark: ["#56b4e9", "#ff963c", "#2fd3a5", "#e79ac5", "#e6b84d", "#e8e8e8"],
};

// name: [height, slope, lowest height, left, right, bottom, top]; the same as in optim.surfaces
export const SURFACES = {
  bowl: [([x, y]) => (x * x + 30 * y * y) / 2, ([x, y]) => [x, 30 * y], 0, -2.4, 2.4, -1.3, 1.3],
  valley: [([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    ([x, y]) => [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], 0, -2, 2, -0.6, 1.6],
  saddle: [([x, y]) => (x * x) / 2 + y ** 4 / 4 - (y * y) / 2, ([x, y]) => [x, y ** 3 - y], -0.25, -2.4, 2.4, -1.3, 1.3],
};

// From a parameter, its gradient, what is remembered of it and the rate, the next parameter.
export const RULES = {
  "gradient descent": (w, g, s, lr) => w - lr * g,
  momentum: (w, g, s, lr) => w + (s.v = 0.9 * (s.v ?? 0) - lr * g),
  Nesterov: (w, g, s, lr) => w + 0.9 * (s.v = 0.9 * (s.v ?? 0) - lr * g) - lr * g,
  AdaGrad: (w, g, s, lr) => w - (lr * g) / (Math.sqrt((s.sum = (s.sum ?? 0) + g * g)) + 1e-10),
  RMSProp: (w, g, s, lr) => w - (lr * g) / (Math.sqrt((s.r = 0.9 * (s.r ?? 0) + 0.1 * g * g)) + 1e-8),
  Adam: (w, g, s, lr) => {
    s.t = (s.t ?? 0) + 1;
    s.m = 0.9 * (s.m ?? 0) + 0.1 * g;
    s.v = 0.999 * (s.v ?? 0) + 0.001 * g * g;
    return w - ((lr / (1 - 0.9 ** s.t)) * s.m) / (Math.sqrt(s.v / (1 - 0.999 ** s.t)) + 1e-8);
  },
};

export function race(surface, rule, rate, start, steps = MOST) {
  const memory = start.map(() => ({}));
  const path = [start];
  for (let step = 0; step < steps; step++) {
    const slope = SURFACES[surface][1](path[step]);
    path.push(path[step].map((w, k) => RULES[rule](w, slope[k], memory[k], rate)));
  }
  return path;
}

export default function fill(stage, { titles, rates, starts }) {
  const names = Object.keys(RULES);
  let [surface, start, steps, factor] = [Object.keys(titles)[0], null, 60, 1];
  const ground = make("canvas", { width: WIDTH, height: HEIGHT, "aria-hidden": "true" });
  const tracks = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true", class: "live-tracks" });
  const place = make("div", { class: "live-race", tabindex: 0, role: "application",
    "aria-label": "surface from above: click where the ball is dropped, or move it with the arrow keys" }, ground, tracks);
  const said = make("output", { class: "live-answer-text", "aria-live": "polite" });
  const rows = names.map((name) => make("tr", {}, make("th", { scope: "row" }, name),
    ...[0, 1, 2].map((k) => make("td", { class: k === 1 ? "live-value" : "" }))));

  const at = ([x, y]) => {
    const [, , , left, right, bottom, top] = SURFACES[surface];
    return [((x - left) / (right - left)) * WIDTH, ((top - y) / (top - bottom)) * HEIGHT];
  };

  // Lines of equal height, closer and closer in powers of ten towards the lowest place.
  function contours() {
    const [height, , lowest, left, right, bottom, top] = SURFACES[surface];
    const band = (px, py) => Math.floor(2.5 * Math.log10(1e-3 - lowest +
      height([left + (px / WIDTH) * (right - left), top - (py / HEIGHT) * (top - bottom)])));
    const context = ground.getContext("2d");
    const image = context.createImageData(WIDTH, HEIGHT);
    const gray = theme() === "dark" ? 210 : 60;
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const here = band(x, y);
        const line = here !== band(x + 1, y) || here !== band(x, y + 1);
        image.data.set([gray, gray, gray, line ? 110 : Math.max(0, 6 * (here + 8))], 4 * (y * WIDTH + x));
      }
    }
    context.putImageData(image, 0, 0);
  }

  function show() {
    const [height, , lowest, , , bottom, top] = SURFACES[surface];
    const colors = COLORS[theme()];
    const lines = [];
    const ends = names.map((name, n) => {
      const rate = rates[surface][name] * factor;
      const path = race(surface, name, rate, start);
      const above = path.map((w) => height(w) - lowest);
      const inside = path.slice(0, steps + 1).findIndex((w) => !w.every((v) => Math.abs(v) < 50));
      const seen = path.slice(0, inside < 0 ? steps + 1 : inside).map(at);
      const [x, y] = seen.at(-1);
      lines.push(draw("polyline", { points: seen.map((p) => p.map((v) => v.toFixed(1)).join(",")).join(" "),
        stroke: colors[n], fill: "none", "stroke-width": 1.6 }),
      draw("circle", { cx: x, cy: y, r: 7, fill: colors[n] }),
      draw("text", { x, y: y + 3.5, "text-anchor": "middle" }, String(n + 1)));
      let arrived = above.length;
      while (arrived > 0 && above[arrived - 1] < 0.01) arrived--;
      const cells = [String(Number(rate.toPrecision(2))), above[steps] < 1e6 ? above[steps].toExponential(3).replace("-", "−") : "away",
        arrived < above.length ? `${arrived} steps` : "not in 300"];
      rows[n].firstChild.replaceChildren(make("b", { style: `color: ${colors[n]}` }, `${n + 1} `), name);
      cells.forEach((text, k) => (rows[n].children[k + 1].textContent = text));
      return [name, above[steps]];
    });
    tracks.replaceChildren(...lines, draw("circle", { cx: at(start)[0], cy: at(start)[1], r: 4, class: "live-drop" }));
    const lowestNow = ends.filter(([, v]) => v < 1e6).sort((a, b) => a[1] - b[1])[0];
    said.textContent = `From (${start.map((v) => number(v)).join(", ")}), after ${steps} steps: ` +
      (lowestNow ? `${lowestNow[0]} is lowest.` : "all went away.");
  }
  const later = soon(show);

  function drop(x, y) {
    const [, , , left, right, bottom, top] = SURFACES[surface];
    start = [Math.min(right, Math.max(left, x)), Math.min(top, Math.max(bottom, y))];
    later();
  }
  const point = (event) => {
    const [, , , left, right, bottom, top] = SURFACES[surface];
    const box = place.getBoundingClientRect();
    drop(left + ((event.clientX - box.left) / box.width) * (right - left),
      top - ((event.clientY - box.top) / box.height) * (top - bottom));
  };
  place.addEventListener("pointerdown", (event) => (place.setPointerCapture(event.pointerId), point(event)));
  place.addEventListener("pointermove", (event) => event.buttons && point(event));
  onArrows(place, (right, down) => drop(start[0] + 0.1 * right, start[1] - 0.1 * down));

  const choices = Object.entries(titles).map(([name, title]) => button(title, () => choose(name)));
  function choose(name) {
    [surface, start] = [name, starts[name]];
    choices.forEach((one, n) => one.setAttribute("aria-pressed", Object.keys(titles)[n] === name));
    contours();
    show();
  }
  onTheme(() => (contours(), show()));
  stage.append(make("div", {}, ...choices), place,
    slider("steps", { min: 0, max: MOST, value: steps }, (v) => ((steps = v), later())),
    slider("all rates times", { min: -4, max: 4, value: 0, show: (v) => (v < 0 ? `1/${2 ** -v}` : `${2 ** v}`) },
      (v) => ((factor = 2 ** v), later())),
    said, table(["rule", "rate", "height now", "below 0.01 after"], rows));
  choose(surface);
}
