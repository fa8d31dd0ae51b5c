// Smoke rises around obstacles; the pressure of every step by a network and by sweeps, in turn.
import { boxOf, closed, divergence, jacobi, learned, moved, projected, shareLeft, still } from "../fluid.mjs";
import { loadNetwork } from "../network.mjs";
import { makeSurface } from "../surface.mjs";
import { median } from "../tensor.mjs";
import { button, loadDigits, make, number, onTheme, paint, slider, table } from "../ui.mjs";

const [LIFT, SMOKE, ROW, RADIUS, AT_ONCE] = [0.25, 0.15, 0.89, 0.08, 20]; // row and radius in sides
const HELP = "Draw obstacles with mouse, finger or pen. With keys: arrows move the pen, Space puts it down or lifts it, Delete takes all obstacles away.";
const frame = () => new Promise(requestAnimationFrame);

export default async function fill(stage, { folder, network: file, digits: name, first, steps, sweeps }) {
  const [network, scenes] = await Promise.all([loadNetwork(folder, file), loadDigits(folder, name)]);
  const { side } = scenes;
  const source = Float32Array.from({ length: side ** 2 }, (_, n) =>
    (Math.hypot(Math.floor(n / side) + 0.5 - ROW * side, (n % side) + 0.5 - side / 2) < RADIUS * side ? SMOKE : 0));
  const ways = [
    { of: () => "network", solve: (flow) => learned(flow, box, network), times: [] },
    { of: () => `Jacobi, ${sweeps} sweeps`, solve: (flow) => jacobi(flow, box, sweeps), times: [] },
  ];
  let [box, before, state, step, used, going] = [null, null, null, 0, 0, false];

  // The pressure for what is in the box now, by every way; the chosen one's moves the fluid on.
  function solve() {
    const flow = divergence(closed(before.velocity, box), box);
    for (const way of ways) {
      const begun = performance.now();
      way.pressure = way.solve(flow);
      way.times = [performance.now() - begun, ...way.times.slice(0, 8)];
      way.left = shareLeft(flow, way.pressure, box);
    }
    state = { velocity: projected(before.velocity, ways[used].pressure, box), smoke: before.smoke };
  }
  const move = () => ((before = moved(state, box, source, LIFT)), solve(), step++);
  function show() {
    surface.show();
    ways.forEach(({ of, times, left, pressure, row, map }, n) => {
      const cells = [of(), `${number(100 * left, 1)} %`, `${number(median(times), 1)} ms`];
      cells.forEach((text, k) => (row.children[k].textContent = text));
      paint(map, pressure, [1, side, side], { most: 3 * Math.hypot(...pressure) / side });
      choices[n].setAttribute("aria-pressed", n === used);
    });
    said.textContent = `Step ${step}, moved on by ${used ? "Jacobi" : "the network"}: ` +
      ways.map(({ of, left }) => `${of()} leaves ${number(100 * left, 0)} %`).join(", ") + " of the divergence.";
  }
  const now = (act) => () => (act(), show());
  const again = () => {
    box = boxOf(surface.ink.map((v) => Math.round(v)), side);
    before &&= { ...before, smoke: before.smoke.map((v, n) => v * box.fluid[n]) };
    if (before) now(solve)();
  };
  const surface = makeSurface(again, { side, help: HELP, seen: (ink) => ink.map((v, n) => (v >= 0.5 ? -1 : state?.smoke[n] ?? 0)) });
  const rest = () => ([state, step] = [{ velocity: still(box), smoke: new Float32Array(side ** 2) }, 0]);

  async function run() {
    going = !going;
    start.textContent = going ? "Stop" : "Run";
    if (going && matchMedia("(prefers-reduced-motion: reduce)").matches) {
      for (let n = 0; n < AT_ONCE; n++) move(); // what comes of it, without the way there
      show();
      return run();
    }
    while (going) {
      now(move)();
      await frame();
    }
  }
  const start = button("Run", run);
  const choices = ["network", "Jacobi"].map((title, n) => button(title, now(() => ((used = n), solve()))));
  for (const way of ways) {
    way.row = make("tr", {}, make("th", { scope: "row" }), make("td", { class: "live-value" }), make("td"));
    way.map = make("canvas", { role: "img", "aria-label": "pressure of each cell" });
  }
  const said = make("output", { class: "live-answer-text" });
  const maps = ways.map(({ map }, n) => make("div", {}, make("p", {}, ["the network's", "Jacobi's"][n]), map));
  const examples = scenes.labels.map((title, n) => button(title, () => surface.set(scenes.ink(n), side)));
  stage.append(make("div", { class: "live-columns live-halves" },
    make("div", {}, surface.element, start, button("One step", now(move)), button("Start anew", now(() => (rest(), move()))),
      make("div", { role: "group", "aria-label": "obstacles" }, "Obstacles: ", ...examples, button("none", surface.clear))),
    make("div", {}, make("div", { role: "group", "aria-label": "who moves the fluid" }, "Moved on by: ", ...choices),
      slider("sweeps of Jacobi", { min: 1, max: 256, value: sweeps }, (v) => (([sweeps, ways[1].times] = [v, []]), now(solve)())),
      table(["pressure by", "divergence left", "median time"], ways.map(({ row }) => row)),
      make("p", {}, "Pressures, orange above the mean, blue below:"), make("div", { class: "live-pressures" }, ...maps))), said);
  surface.set(scenes.ink(first), side);
  rest();
  for (let n = 1; n <= steps; n++) {
    move();
    if (n % 5 === 0) await new Promise((done) => setTimeout(done)); // the page stays usable
  }
  onTheme(show);
  show();
}
