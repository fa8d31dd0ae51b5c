// A question as the network for sentences reads it: its answer, and the n-grams that spoke for it.
import { get, loadNetwork, run } from "../network.mjs";
import { largest } from "../tensor.mjs";
import { button, make, number } from "../ui.mjs";

const [PIECE, LEFT_OUT] = [/n't|'(?:s|ve|re|d|ll)(?![a-z])|[,!?()]/gi, /[^\p{L}\p{N}(),!?'`]/gu];
const [UNKNOWN, SHOWN] = [1, 6]; // the number of words that are not listed; n-grams

// As cnnhistory.data.text.words has it.
export const wordsOf = (text) => text.replace(LEFT_OUT, " ").replace(PIECE, " $& ").split(/\s+/).filter(Boolean);

export const loadWords = async (folder, name) => new Map((await (await get(new URL(`${name}.txt`, folder))).text())
  .split("\n").map((word, n) => [word, n + UNKNOWN + 1]));

export const read = (network, known, words) => run(network, Float32Array.from({ length: network.input[1] },
  (_, n) => (n < words.length ? known.get(words[n]) ?? UNKNOWN : 0)));

// Every n-gram that was the strongest for some filter, and what those add to the score of a class.
export function ngrams(network, values, words, answer) {
  const [found, { weight }] = [new Map(), network.find(network.output).tensors];
  let filter = answer * weight.shape[1];
  for (const { name, tensors } of network.nodes.filter(({ op }) => op === "conv")) {
    const [maps, spots] = values[`${name}.relu`].shape;
    for (let map = 0; map < maps; map++, filter++) {
      const said = values[`${name}.relu`].data.subarray(map * spots, (map + 1) * spots);
      const [place, size] = [largest(said), tensors.weight.shape[2]];
      const key = `${Math.max(0, place + 1 - size)} ${Math.min(words.length, place + 1)}`; // from which word to which
      found.set(key, (found.get(key) ?? 0) + said[place] * weight.data[filter]);
    }
  }
  return [...found].map(([key, score]) => [...key.split(" ").map(Number), score]).sort((a, b) => b[2] - a[2]);
}

export default async function fill(stage, { folder, network: file, words: list, classes, examples, most }) {
  const [network, known] = await Promise.all([loadNetwork(folder, file), loadWords(folder, list)]);
  const [shown, fired] = [make("p", { class: "live-words" }), make("div", { class: "live-fired" })];
  const said = make("output", { class: "live-answer-text", "aria-live": "polite" });
  const bars = classes.map((name) => make("div", { class: "live-answer" }, make("span", {}, name),
    make("div", { class: "live-bar" }, make("span")), make("span", { class: "live-value" })));
  const field = make("input", { type: "text", class: "live-text", maxlength: 300, "aria-label": "a question in English", oninput: show });

  function show() {
    const words = wordsOf(field.value).slice(0, most);
    const values = read(network, known, words);
    const scores = values[network.output].data;
    const odds = scores.map((v) => Math.exp(v - Math.max(...scores)));
    const [answer, total] = [largest(scores), odds.reduce((sum, v) => sum + v, 0)];
    bars.forEach((bar, n) => {
      bar.classList.toggle("live-best", n === answer);
      bar.children[1].firstChild.style.width = `${(100 * odds[n]) / total}%`;
      bar.lastChild.textContent = number(scores[n]);
    });
    const all = ngrams(network, values, words, answer);
    const light = words.map((_, n) => all.reduce((sum, [from, to, v]) => sum + (n >= from && n < to ? Math.max(0, v) / (to - from) : 0), 0));
    shown.replaceChildren(...words.flatMap((word, n) => [make("span", { class: known.has(word) ? null : "live-unknown",
      style: `--live-share: ${Math.round((100 * light[n]) / Math.max(1, ...light))}%` }, word), " "]));
    const lit = (from, to, on) => () => [...shown.children].slice(from, to).forEach((one) => one.classList.toggle("live-lit", on));
    fired.replaceChildren(...all.filter(([from, to, v]) => to > from && v > 0).slice(0, SHOWN).map(([from, to, score]) =>
      button(`${words.slice(from, to).join(" ")}  +${number(score)}`, lit(from, to, true), { onpointerenter: lit(from, to, true),
        onpointerleave: lit(from, to, false), onfocus: lit(from, to, true), onblur: lit(from, to, false) })));
    const unknown = words.filter((word) => !known.has(word));
    said.textContent = words.length ? `It asks for ${classes[answer]}.${unknown.length ? ` Not among its words: ${unknown.join(", ")}.` : ""}` : "Type a question.";
  }
  const choose = (text) => ((field.value = text), show());
  stage.append(field, make("div", {}, ...examples.map((text) => button(text, () => choose(text)))), shown, said,
    make("div", { class: "live-columns live-halves" }, make("div", { class: "live-classes" }, make("p", {}, "score of each kind of question; bars: their softmax"), ...bars),
      make("div", {}, make("p", {}, "n-grams that speak for the answer, and by how much"), fired)));
  choose(examples[0]);
}
