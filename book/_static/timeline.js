// The timeline of the front page: filter, card, arrow keys. Without this file the drawing and
// the list are complete; marks of built systems are plain links.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("timeline");
  if (!root) return;
  const form = root.querySelector("form");
  const card = root.querySelector(".timeline-card");
  const scroll = root.querySelector(".timeline-scroll");
  const marks = [...root.querySelectorAll(".mark")];
  const items = [...root.querySelectorAll("li[data-system]")];
  const text = new Map(items.map((item) => [item.dataset.system, item]));
  const shown = () => marks.filter((mark) => !mark.classList.contains("off"));
  let current = null;
  let leaving = 0;

  function show(mark) {
    clearTimeout(leaving);
    if (current) current.classList.remove("on");
    current = mark;
    mark.classList.add("on");
    card.innerHTML = text.get(mark.dataset.system).innerHTML;
    card.hidden = false;
    place();
  }

  // Under the mark, or above it where there is no room; never outside the visible part.
  function place() {
    if (!current) return;
    const frame = root.getBoundingClientRect();
    const at = current.getBoundingClientRect();
    const left = Math.min(Math.max(at.left - frame.left - 20, 0), frame.width - card.offsetWidth);
    const below = at.bottom + card.offsetHeight + 12 < window.innerHeight;
    card.style.left = `${Math.max(left, 0)}px`;
    card.style.top = `${(below ? at.bottom + 8 : at.top - card.offsetHeight - 8) - frame.top}px`;
  }

  function hide() {
    if (current) current.classList.remove("on");
    current = null;
    card.hidden = true;
  }

  // The pointer may travel from the mark to the card, to use a link in it, and so may the focus.
  function leave() {
    clearTimeout(leaving);
    leaving = setTimeout(() => {
      if (!root.querySelector(".mark:focus, .timeline-card:focus-within")) hide();
    }, 250);
  }

  // One stop of the Tab key; arrows move on from there.
  function makeStop(mark) {
    for (const other of marks) other.setAttribute("tabindex", "-1");
    if (mark) mark.setAttribute("tabindex", "0");
  }

  function move(mark, key) {
    const here = mark.getBoundingClientRect();
    const sideways = key === "ArrowLeft" || key === "ArrowRight";
    const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    let best = null;
    let bestCost = Infinity;
    for (const other of shown()) {
      if (other === mark) continue;
      const box = other.getBoundingClientRect();
      const dx = box.left - here.left;
      const dy = box.top - here.top;
      const along = sign * (sideways ? dx : dy);
      const cost = along + 4 * Math.abs(sideways ? dy : dx);
      if (along > 1 && cost < bestCost) [best, bestCost] = [other, cost];
    }
    return best;
  }

  for (const mark of marks) {
    const title = mark.querySelector("title");
    if (title) title.remove(); // the card replaces the browser's tooltip
    mark.addEventListener("mouseenter", () => show(mark));
    mark.addEventListener("mouseleave", leave);
    mark.addEventListener("focus", () => { makeStop(mark); show(mark); });
    mark.addEventListener("blur", leave);
    mark.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return hide();
      if (!event.key.startsWith("Arrow")) return;
      event.preventDefault();
      const next = move(mark, event.key);
      if (next) next.focus();
    });
    // A finger cannot hover: the first touch shows the card, its link leads on.
    let touched = false;
    mark.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
    mark.addEventListener("click", (event) => {
      if (touched) event.preventDefault();
      show(mark);
    });
  }
  card.addEventListener("mouseenter", () => clearTimeout(leaving));
  card.addEventListener("mouseleave", leave);
  card.addEventListener("focusin", () => clearTimeout(leaving));
  card.addEventListener("focusout", leave);
  card.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && current) current.focus();
  });
  scroll.addEventListener("scroll", () => {
    place();
    const end = scroll.scrollLeft + scroll.clientWidth >= scroll.scrollWidth - 2;
    scroll.classList.toggle("at-end", end);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".mark, .timeline-card")) hide();
  });

  function filter() {
    const { era, status } = form.elements;
    const off = (element) =>
      (era.value && element.dataset.era !== era.value) ||
      (status.value && element.dataset.status !== status.value);
    for (const mark of marks) mark.classList.toggle("off", off(mark));
    for (const item of items) item.hidden = off(item);
    for (const section of root.querySelectorAll(".timeline-list section")) {
      section.hidden = !section.querySelector("li:not([hidden])");
    }
    hide();
    makeStop(shown()[0]);
    form.querySelector("output").textContent = `${shown().length} shown`;
  }

  // Where the drawing is wider than the page, begin at the years in which most systems fall.
  const turn = root.querySelector(".turn");
  if (turn && scroll.scrollWidth > scroll.clientWidth) {
    const left = turn.getBoundingClientRect().left - scroll.getBoundingClientRect().left;
    scroll.scrollLeft = Math.max(0, left - scroll.clientWidth / 4);
  }

  form.hidden = false;
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
});
