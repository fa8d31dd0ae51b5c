// Residual blocks to delete: the trained network answers its test digits again without them.
import { loadNetwork } from "../network.mjs";
import { answersInTurn, button, loadDigits, keepPainted, make } from "../ui.mjs";

const SHOWN = 24; // digits with their answers

// The blocks of a network: the step before each, its last step, and whether they have one shape.
function blocksOf(network) {
  const found = new Map();
  for (const node of network.nodes) {
    const [group, name] = node.name.split(".");
    // a shortcut is of the next block, what is behind the last block of none
    if (group !== "blocks" || ["thin", "mean", "flatten"].includes(node.op)) continue;
    if (!found.has(name)) found.set(name, { name, from: node.inputs[0] });
    found.get(name).to = node;
  }
  const shapeOf = (name) => String(network.find(name).shape);
  return [...found.values()].map(({ name, from, to }) =>
    ({ name, from, to: to.name, keeps: shapeOf(from) === String(to.shape) }));
}

export default async function fill(stage, { folder, networks, digits: name, levels }) {
  const digits = await loadDigits(folder, name);
  for (const { title, file } of networks) stage.append(await row(title, await loadNetwork(folder, file)));

  async function row(title, network) {
    const deleted = new Set();
    const said = make("output", { class: "live-answer-text", "aria-live": "polite" });
    const cells = Array.from({ length: SHOWN }, (_, n) => {
      const picture = make("canvas", { "aria-hidden": "true" });
      keepPainted(picture, () => digits.ink(n), digits.side);
      return make("span", { class: "live-cell" }, picture, make("b"));
    });
    let turn = 0;
    async function answer() {
      const mine = ++turn;
      const skip = Object.fromEntries(blocks.filter(({ name }) => deleted.has(name)).map(({ to, from }) => [to, from]));
      said.textContent = "computing …";
      const found = await answersInTurn(network, digits, levels, { skip }, () => mine === turn);
      if (!found) return;
      const wrong = found.filter((v, n) => v !== digits.labels[n]).length;
      const gone = ["All blocks", "Without one block"][deleted.size] ?? `Without ${deleted.size} blocks`;
      said.textContent = `${gone}: ${wrong} of ${digits.count} wrong.`;
      cells.forEach((cell, n) => {
        cell.lastChild.textContent = found[n];
        cell.classList.toggle("live-wrong", found[n] !== digits.labels[n]);
      });
    }
    const blocks = blocksOf(network);
    const buttons = blocks.map(({ name, keeps }) => {
      const toggle = button(name.replace("conv", "").replace("_", "."), () => {
        deleted[deleted.has(name) ? "delete" : "add"](name);
        toggle.setAttribute("aria-pressed", deleted.has(name));
        answer();
      }, { "aria-pressed": "false", disabled: !keeps, title: keeps ? `delete block ${name}` : "changes the size of its maps: cannot be deleted" });
      return toggle;
    });
    const box = make("div", { role: "group", "aria-label": title }, make("p", {}, make("b", {}, title)),
      make("div", { class: "live-blocks" }, ...buttons), said, make("div", { class: "live-cells" }, ...cells));
    await answer();
    return box;
  }
}
