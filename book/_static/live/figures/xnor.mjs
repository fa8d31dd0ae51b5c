// One digit through a network of floats and through one of packed signs: answers, bytes, times.
import { signConvPacked } from "../operations.mjs";
import { loadNetwork, run } from "../network.mjs";
import { largest, median } from "../tensor.mjs";
import { answersInTurn, button, digitButtons, keepPainted, loadDigits, make, number, table } from "../ui.mjs";

const RUNS = 200;

export default async function fill(stage, { folder, networks, digits: name, levels: [paper, full], first }) {
  const digits = await loadDigits(folder, name);
  const loaded = await Promise.all(networks.map((file) => loadNetwork(folder, file)));
  const [floats, signs] = loaded;
  const ways = [
    { title: "floats", network: floats, options: {} },
    { title: "signs: xor and a count of bits", network: signs, options: { table: { sign_conv: signConvPacked } } },
    { title: "the same signs, multiplied as floats", network: signs, options: {} },
  ];
  const bytes = [floats, signs, null].map((network) => network && network.bytes.toLocaleString("en"));
  const rows = ways.map(({ title }, k) => make("tr", {}, make("th", { scope: "row" }, title),
    make("td", { class: "live-value" }), make("td", {}, bytes[k] ?? "as above"), make("td"), make("td")));
  const said = make("output", { class: "live-answer-text", "aria-live": "polite" });
  const picture = make("canvas", { class: "live-shown", role: "img" });
  let shown = first;
  const draw = keepPainted(picture, () => digits.ink(shown), digits.side);
  const input = (n) => digits.ink(n).map((v) => paper + (full - paper) * v);

  function choose(n) {
    shown = n;
    draw();
    picture.setAttribute("aria-label", `a handwritten ${digits.labels[n]}`);
    const found = ways.map(({ network, options }) => largest(run(network, input(n), options)[network.output].data));
    rows.forEach((row, k) => (row.children[1].textContent = found[k]));
    said.textContent = `A person wrote ${digits.labels[n]}; the floats say ${found[0]}, the signs ${found[1]}.`;
  }

  async function measure() {
    timed.disabled = true;
    const data = input(shown);
    const times = ways.map(() => []);
    for (let n = 0; n < RUNS; n++) {
      ways.forEach(({ network, options }, k) => { // in turn, so that all have the same company
        const begun = performance.now();
        for (let again = 0; again < 4; again++) run(network, data, options);
        times[k].push((performance.now() - begun) / 4);
      });
      if (n % 5 === 0) await new Promise((done) => setTimeout(done));
    }
    const found = times.map(median);
    rows.forEach((row, k) => (row.children[4].textContent = `${number(found[k])} ms`));
    said.textContent = `Medians of ${RUNS} runs in this browser: the packed signs take ${number(found[1])} ms, ` +
      `${number(found[2] / found[1], 1)} times as fast as the same signs as floats.`;
    timed.disabled = false;
  }
  const timed = button(`Measure ${RUNS} runs of each`, measure);
  const heads = ["network", "answer", "bytes", `wrong of ${digits.count}`, "time for a digit"];
  stage.append(make("div", { class: "live-columns live-duel" }, picture, table(heads, rows)), said, timed,
    ...digitButtons(digits, choose));
  choose(first);
  for (const [k, { network, options }] of ways.entries()) {
    const found = await answersInTurn(network, digits, [paper, full], options, () => true);
    rows[k].children[3].textContent = found.filter((v, n) => v !== digits.labels[n]).length;
  }
}
