// Accuracy beside cost: the scene of each choice, as the chart computed it, and its dots one by one.
import { draw, make, onArrows, soon } from "../ui.mjs";

const NARROW = 560; // pixels of the page, below which the narrow scenes are shown

export default function fill(stage) {
  const root = stage.parentElement;
  const { points, choices, frames, margins, scenes } = JSON.parse(root.querySelector("script").textContent);
  const card = make("p", { class: "landscape-card", role: "status" });
  const plot = make("div", { class: "landscape-plot" });
  const selects = Object.entries(choices).map(([name, [label, options]]) => make("label", {}, `${label} `,
    make("select", { name }, ...Object.entries(options).map(([value, text]) => make("option", { value }, text)))));
  const form = make("form", { class: "landscape-controls", autocomplete: "off", onchange: (event) => {
    const { data, metric } = form.elements;
    if (event.target === data && data.value !== "ImageNet") metric.value = "top1"; // all that the papers have
    show();
  } }, ...selects);
  const model = (circle) => points[circle.dataset.n][1];
  let [kept, narrow, circles] = ["", null, []]; // the network that a click or Enter keeps in sight

  function axes({ marks, levels, axes: [across, upward], bands = [] }, width, height) {
    const [left, right, top, bottom] = [margins[0], width - margins[1], margins[2], height - margins[3]];
    return [
      ...bands.map(([from, to]) => draw("rect", { class: "band", x: from / 10, y: top, width: (to - from) / 10, height: bottom - top })),
      ...marks.flatMap(([x, text]) => [bands.length ? "" : draw("path", { class: "grid", d: `M${x / 10} ${top}V${bottom}` }),
        draw("text", { x: x / 10, y: bottom + 16, "text-anchor": "middle" }, text)]),
      ...levels.flatMap(([y, text]) => [draw("path", { class: "grid", d: `M${left} ${y / 10}H${right}` }),
        draw("text", { x: left - 6, y: y / 10 + 4, "text-anchor": "end" }, text)]),
      draw("text", { class: "axis", x: right, y: bottom + 36, "text-anchor": "end" }, across),
      draw("text", { class: "axis", transform: `translate(14 ${top}) rotate(-90)`, "text-anchor": "end" }, upward),
    ];
  }

  function show() {
    narrow = root.clientWidth < NARROW;
    const scene = scenes[Object.keys(choices).map((name) => form.elements[name].value).join("|")]?.[Number(narrow)];
    [kept, circles] = ["", []];
    delete card.dataset.era;
    if (!scene) {
      plot.replaceChildren(make("p", {}, "No figure of this kind in the papers."));
      card.textContent = "";
      return;
    }
    const [width, height] = frames[Number(narrow)];
    const { dots, names, links = [], front = [] } = scene;
    const steps = front.map(([x, y], n) => (n ? `H${x / 10}V${y / 10}` : `M${x / 10} ${y / 10}`)).join("");
    circles = dots.map(([n, x, y, r]) => draw("circle", { class: "dot", role: "button", tabindex: -1, "aria-pressed": false,
      "aria-label": points[n][3], "data-n": n, "data-model": points[n][1], "data-era": points[n][2], cx: x / 10, cy: y / 10, r: r / 10 }));
    plot.replaceChildren(draw("svg", { role: "group", viewBox: `0 0 ${width} ${height}`, "aria-label":
      `${scene.label}. Arrow keys go from one to the next, Enter keeps a network in sight.` },
    ...axes(scene, width, height),
    ...links.map(([n, x, low, high]) => draw("path", { class: "same", "data-model": points[n][1], d: `M${x / 10} ${low / 10}V${high / 10}` })),
    ...(front.length ? [draw("path", { class: "front", d: `${steps}H${width - margins[1]}` })] : []), ...circles,
    ...names.map(([n, x, y]) => draw("text", { class: "name", "data-model": points[n][1], x: x / 10, y: y / 10 }, points[n][0]))));
    for (const key of root.querySelectorAll(".landscape-legend i")) {
      key.parentElement.hidden = !circles.some((circle) => circle.dataset.era === key.dataset.era);
    }
    inOrder([1, 0])[0].setAttribute("tabindex", 0);
    card.textContent = `${circles.length} figures. Point at a dot, or use the Tab and arrow keys; ` +
      "a click or Enter keeps one network in sight.";
  }

  // Dots from left to right, or from the top down.
  function inOrder([right]) {
    const [x, y] = ["cx", "cy"].map((name) => (circle) => Number(circle.getAttribute(name)));
    return [...circles].sort((a, b) => (right ? x(a) - x(b) || y(a) - y(b) : y(a) - y(b) || x(a) - x(b)));
  }
  function tell(circle) {
    for (const other of circles) other.classList.toggle("on", other === circle);
    card.textContent = points[circle.dataset.n][3] + (kept === model(circle) ? " Kept in sight: Enter or Escape lets it go." : "");
    card.dataset.era = circle.dataset.era;
  }
  function focus(circle) {
    for (const other of circles) other.setAttribute("tabindex", other === circle ? 0 : -1);
    circle.focus();
  }
  function keep(name) {
    kept = kept === name ? "" : name;
    plot.firstElementChild.classList.toggle("keeps", kept !== "");
    for (const part of plot.querySelectorAll("[data-model]")) part.classList.toggle("kept", part.dataset.model === kept);
    for (const circle of circles) circle.setAttribute("aria-pressed", model(circle) === kept);
  }
  const on = (event) => event.target.closest?.(".dot");
  const here = () => circles.find((circle) => circle === document.activeElement);
  const press = () => here() && (keep(model(here())), tell(here()));
  for (const type of ["mouseover", "focusin"]) plot.addEventListener(type, (event) => on(event) && tell(on(event)));
  plot.addEventListener("click", (event) => on(event) && (keep(model(on(event))), focus(on(event)), tell(on(event))));
  onArrows(plot, (right, down) => {
    const order = inOrder([right]);
    const next = order[order.indexOf(here()) + right + down];
    if (next) focus(next);
  }, { Enter: press, " ": press, Escape: () => kept && (keep(kept), here() && tell(here())) });

  stage.append(form, root.querySelector(".landscape-legend"), plot, card);
  show();
  const fit = soon(() => root.clientWidth && narrow !== root.clientWidth < NARROW && show());
  new ResizeObserver(fit).observe(root);
}
