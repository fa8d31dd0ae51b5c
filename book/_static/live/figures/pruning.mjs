// Weights below a threshold become zero; what is left answers its test digits again.
import { loadNetwork } from "../network.mjs";
import { answersInTurn, draw, loadDigits, make, number, slider, table } from "../ui.mjs";

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [420, 200, 44, 34]; // of the chart

const [x, y] = [(share) => LEFT + share * (WIDTH - LEFT - 10), (error) => 8 + (1 - error) * (HEIGHT - BOTTOM - 8)];

export default async function fill(stage, { folder, network: file, digits: name, levels }) {
  const [network, digits] = await Promise.all([loadNetwork(folder, file), loadDigits(folder, name)]);
  const layers = network.nodes.filter(({ tensors }) => tensors.weight).map((node) => {
    const whole = node.tensors.weight.data.slice();
    const own = whole.filter((v) => v !== 0); // links that a layer lacks are no weights
    const mean = own.reduce((sum, v) => sum + v, 0) / own.length;
    const std = Math.sqrt(own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / own.length);
    return { node, whole, std, count: own.length };
  });
  const total = layers.reduce((sum, { count }) => sum + count, 0);
  const seen = new Map(); // share of weights left: error
  const said = make("output", { class: "live-answer-text", "aria-live": "polite" });
  const rows = layers.map(() => make("tr", {}, make("th", { scope: "row" }), make("td"), make("td")));
  const lines = draw("g", {});
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((v) => [
    draw("path", { d: `M${x(0)} ${y(v)}H${x(1)}`, class: "live-grid" }),
    draw("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, `${100 * v}`),
    draw("text", { x: x(v), y: HEIGHT - 18, "text-anchor": "middle" }, `${100 * v}`),
  ]);
  const chart = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "live-chart",
    "aria-label": "error against the share of weights that is left, for every threshold tried" }, ...ticks,
  draw("text", { x: x(0.5), y: HEIGHT - 3, "text-anchor": "middle" }, "weights left, %"),
  draw("text", { x: 10, y: y(0.5), "text-anchor": "middle", transform: `rotate(-90 10 ${y(0.5)})` }, "error, %"), lines);

  let turn = 0;
  async function prune(quality) {
    const mine = ++turn;
    let left = 0;
    layers.forEach(({ node, whole, std, count }, n) => {
      const kept = whole.map((v) => (Math.abs(v) > quality * std ? v : 0));
      node.tensors.weight.data.set(kept);
      const here = kept.reduce((sum, v) => sum + (v !== 0), 0);
      left += here;
      const cells = [node.name.toUpperCase(), `${here.toLocaleString("en")} of ${count.toLocaleString("en")}`, `${number((100 * here) / count, 0)} %`];
      cells.forEach((text, k) => (rows[n].children[k].textContent = text));
    });
    const found = await answersInTurn(network, digits, levels, {}, () => mine === turn);
    if (!found) return;
    const wrong = found.filter((v, n) => v !== digits.labels[n]).length;
    seen.set(left / total, wrong / digits.count);
    said.textContent = `${left.toLocaleString("en")} of ${total.toLocaleString("en")} weights left, ` +
      `${(3 * left).toLocaleString("en")} bytes; ${wrong} of ${digits.count} digits wrong, ${number((100 * wrong) / digits.count, 1)} %.`;
    const points = [...seen].sort((a, b) => a[0] - b[0]);
    lines.replaceChildren(
      draw("polyline", { points: points.map(([share, error]) => `${x(share)},${y(error)}`).join(" "), class: "live-line" }),
      ...points.map(([share, error]) => draw("circle", { cx: x(share), cy: y(error),
        r: share === left / total ? 5 : 2.5, class: share === left / total ? "live-here" : "live-dot" })));
  }

  const threshold = slider("threshold, in standard deviations of a layer's weights",
    { min: 0, max: 3, step: 0.05, value: 0, show: (v) => number(v) }, prune);
  stage.append(threshold, said, make("div", { class: "live-columns live-halves" }, chart,
    table(["layer", "weights left", "share"], rows)));
  for (const quality of [3, 2.5, 2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0]) await prune(quality);
}
