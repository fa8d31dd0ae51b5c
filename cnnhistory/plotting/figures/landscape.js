// Makes the drawing of a landscape interactive. The rows of its table are the data.
(() => {
  const LEFT = 52, RIGHT = 16, TOP = 14, BOTTOM = 44, SMALLEST = 4;
  const AXES = { macs: "multiply-adds for one crop", params: "parameters", year: "year of the paper" };

  const ALL = "Kept in sight: Enter or Escape lets it go.";

  function short(n) {
    for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
      if (n >= size) return `${Number((n / size).toPrecision(3))} ${unit}`;
    }
    return String(n);
  }

  function start(root) {
    const plot = root.querySelector(".landscape-plot");
    const card = root.querySelector(".landscape-card");
    const form = root.querySelector(".landscape-controls");
    const rows = [...root.querySelectorAll("tbody tr")].map((tr) => {
      const cells = [...tr.cells].map((cell) => cell.textContent);
      return { ...tr.dataset, name: cells[0], cells };
    });
    let width = 0;

    function sentence(r) {
      const [name, year, data, tested, top1, top5, macs, params, source] = r.cells;
      const errors = [top1 === "–" ? "" : `top-1 ${top1}`, top5 === "–" ? "" : `top-5 ${top5}`];
      return `${name}, ${year}. Error on ${data}: ${errors.filter(Boolean).join(", ")} ` +
        `(${tested}). ${macs} multiply-adds, ${params} parameters. ${source}.`;
    }

    function ticks(low, high, room) {
      const found = [];
      for (let e = Math.floor(low); e <= high; e++) {
        for (const base of room > 90 * (high - low) ? [1, 2, 5] : [1]) {
          const tick = base * 10 ** e;
          if (Math.log10(tick) >= low && Math.log10(tick) <= high) found.push(tick);
        }
      }
      return found;
    }

    function draw() {
      width = Math.max(300, plot.clientWidth || 760);
      const height = width < 560 ? 380 : 460;
      const largest = width < 560 ? 14 : 22;
      const { data, metric, x: across, views } = Object.fromEntries(new FormData(form));
      const shown = rows.filter((r) => r.data === data && r[metric] !== "" &&
        (!views || r.views === views));
      if (!shown.length) {
        plot.innerHTML = "<p>No figure of this kind in the papers.</p>";
        card.textContent = "";
        return;
      }
      for (const key of root.querySelectorAll(".landscape-legend i")) {
        key.parentElement.hidden = !shown.some((r) => r.era === key.dataset.era);
      }
      const log = across !== "year";
      // A year is a band; where a dot stands in it means nothing.
      const years = [...new Set(shown.map((r) => Number(r.year)))].sort((a, b) => a - b);
      const peers = (r) => [...new Set(shown.filter((o) => o.year === r.year).map((o) => o.model))];
      const beside = (r) => (peers(r).indexOf(r.model) + 0.5) / peers(r).length;
      const place = (r) => log ? Math.log10(r[across])
        : years.indexOf(Number(r.year)) + 0.06 + 0.88 * beside(r);
      const spread = shown.map(place);
      const low = log ? Math.min(...spread) - 0.2 : 0;
      const high = log ? Math.max(...spread) + 0.2 : years.length;
      const heights = shown.map((r) => Number(r[metric]));
      const range = Math.max(...heights) - Math.min(...heights);
      const floor = Math.min(...heights) - Math.max(0.4, range / 10);
      const ceiling = Math.min(100, Math.max(...heights) + Math.max(0.4, range / 10));
      const x = (v) => LEFT + (v - low) / (high - low) * (width - LEFT - RIGHT);
      const y = (v) => height - BOTTOM - (v - floor) / (ceiling - floor) * (height - TOP - BOTTOM);
      const parts = [];

      for (const tick of log ? ticks(low, high, width) : []) {
        const at = x(Math.log10(tick)).toFixed(1);
        parts.push(`<path class="grid" d="M${at} ${TOP}V${height - BOTTOM}"/>` +
          `<text x="${at}" y="${height - BOTTOM + 16}" text-anchor="middle">${short(tick)}</text>`);
      }
      for (const [n, year] of log ? [] : years.entries()) {
        const [left, right] = [x(n), x(n + 1)];
        if (n % 2 === 0) {
          parts.push(`<rect class="band" x="${left.toFixed(1)}" y="${TOP}" ` +
            `width="${(right - left).toFixed(1)}" height="${height - TOP - BOTTOM}"/>`);
        }
        parts.push(`<text x="${((left + right) / 2).toFixed(1)}" y="${height - BOTTOM + 16}" ` +
          `text-anchor="middle">${year}</text>`);
      }
      const step = [0.2, 0.5, 1, 2, 5, 10, 20].find((s) => (ceiling - floor) / s <= 9);
      for (let k = Math.ceil(floor / step); k * step <= ceiling; k++) {
        const v = k * step;
        parts.push(`<path class="grid" d="M${LEFT} ${y(v).toFixed(1)}H${width - RIGHT}"/>` +
          `<text x="${LEFT - 6}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end">` +
          `${Number(v.toFixed(1))}</text>`);
      }
      const kind = data === "ImageNet" ? `${metric === "top1" ? "top-1" : "top-5"} accuracy` : "accuracy";
      parts.push(`<text class="axis" x="${width - RIGHT}" y="${height - 8}" text-anchor="end">` +
        `${AXES[across]}</text><text class="axis" transform="translate(14 ${TOP}) rotate(-90)" ` +
        `text-anchor="end">${kind} on ${data}, %</text>`);

      const most = Math.max(...shown.map((r) => Number(r.params)));
      const dots = shown.map((r) => ({
        r, cx: x(place(r)), cy: y(Number(r[metric])),
        radius: across === "params" ? 7
          : SMALLEST + (largest - SMALLEST) * Math.sqrt(r.params / most),
      }));
      const tops = new Map();
      for (const dot of dots) {
        const top = tops.get(dot.r.model);
        if (!top || dot.cy < top.cy) tops.set(dot.r.model, dot);
      }
      for (const dot of dots) {
        const top = tops.get(dot.r.model);
        if (top !== dot) {
          parts.push(`<path class="same" data-model="${dot.r.model}" d="M${dot.cx.toFixed(1)} ${dot.cy.toFixed(1)}` +
            `V${top.cy.toFixed(1)}"/>`);
        }
      }
      const lines = []; // what names keep off
      const front = new Set();
      if (log) {
        let path = "", at = 0, up = Infinity;
        for (const dot of [...dots].sort((a, b) => a.cx - b.cx || a.cy - b.cy)) {
          if (dot.cy < up) {
            if (path) {
              lines.push([at, up - 1, dot.cx, up + 1], [dot.cx - 1, dot.cy, dot.cx + 1, up]);
            }
            path += path ? `H${dot.cx.toFixed(1)}V${dot.cy.toFixed(1)}`
              : `M${dot.cx.toFixed(1)} ${dot.cy.toFixed(1)}`;
            [at, up] = [dot.cx, dot.cy];
            front.add(dot);
          }
        }
        lines.push([at, up - 1, width - RIGHT, up + 1]);
        parts.push(`<path class="front" d="${path}H${width - RIGHT}"/>`);
      }
      dots.sort((a, b) => b.radius - a.radius);
      dots.forEach((dot, n) => parts.push(
        `<circle class="dot" role="button" aria-pressed="false" tabindex="-1" data-n="${n}" data-era="${dot.r.era}" ` +
        `data-model="${dot.r.model}" ` +
        `cx="${dot.cx.toFixed(1)}" cy="${dot.cy.toFixed(1)}" r="${dot.radius.toFixed(1)}"/>`));

      const taken = [...lines, ...dots.map(({ cx, cy, radius: r }) =>
        [cx - 0.6 * r, cy - 0.6 * r, cx + 0.6 * r, cy + 0.6 * r])];
      const wanted = [...tops.values()].sort((a, b) => front.has(b) - front.has(a) || a.cy - b.cy);
      for (const { r, cx, cy, radius } of wanted) {
        const wide = r.name.length * 6.6, near = 0.7 * radius + 2;
        for (const [left, base] of [
          [cx + radius + 3, cy + 4], [cx - radius - 3 - wide, cy + 4],
          [cx - wide / 2, cy - radius - 4], [cx - wide / 2, cy + radius + 12],
          [cx - near - wide, cy - near], [cx + near, cy + near + 9],
          [cx + near, cy - near], [cx - near - wide, cy + near + 9],
        ]) {
          const box = [left, base - 10, left + wide, base + 2];
          const free = left >= LEFT && box[2] <= width && box[1] >= 0 &&
            !taken.some((t) => box[0] < t[2] && t[0] < box[2] && box[1] < t[3] && t[1] < box[3]);
          if (free) {
            taken.push(box);
            parts.push(`<text class="name" data-model="${r.model}" x="${left.toFixed(1)}" ` +
              `y="${base.toFixed(1)}">${r.name}</text>`);
            break;
          }
        }
      }
      plot.innerHTML = `<svg class="live" role="group" viewBox="0 0 ${width} ${height}" ` +
        `aria-label="${kind} on ${data} against ${AXES[across]}: ${shown.length} figures. ` +
        `Arrow keys go from one to the next, Enter keeps a network in sight.">${parts.join("")}</svg>`;
      listen(dots);
    }

    function listen(dots) {
      const circles = [...plot.querySelectorAll(".dot")];
      const dotOf = (circle) => dots[circle.dataset.n];
      circles.forEach((c) => c.setAttribute("aria-label", sentence(dotOf(c).r)));
      const across = [...circles].sort((a, b) => dotOf(a).cx - dotOf(b).cx || dotOf(a).cy - dotOf(b).cy);
      const upward = [...circles].sort((a, b) => dotOf(b).cy - dotOf(a).cy || dotOf(a).cx - dotOf(b).cx);

      let kept = ""; // the network that Enter or a click keeps in sight

      function show(circle) {
        const { r } = dotOf(circle);
        for (const other of circles) other.classList.toggle("on", other === circle);
        card.textContent = sentence(r) + (kept === r.model ? ` ${ALL}` : "");
        card.dataset.era = r.era;
      }
      function focus(circle) {
        for (const other of circles) other.setAttribute("tabindex", other === circle ? "0" : "-1");
        circle.focus();
      }
      function keep(model) {
        kept = kept === model ? "" : model;
        plot.firstElementChild.classList.toggle("keeps", kept !== "");
        for (const part of plot.querySelectorAll("[data-model]")) {
          part.classList.toggle("kept", part.dataset.model === kept);
        }
        for (const circle of circles) {
          circle.setAttribute("aria-pressed", String(circle.classList.contains("kept")));
        }
      }
      const moves = { ArrowRight: [across, 1], ArrowLeft: [across, -1], ArrowUp: [upward, 1],
        ArrowDown: [upward, -1] };
      for (const circle of circles) {
        const { model } = dotOf(circle).r;
        circle.addEventListener("mouseenter", () => show(circle));
        circle.addEventListener("click", () => { keep(model); focus(circle); show(circle); });
        circle.addEventListener("focus", () => show(circle));
        circle.addEventListener("keydown", (event) => {
          const move = moves[event.key];
          const press = event.key === "Enter" || event.key === " ";
          if (!move && !press && !(event.key === "Escape" && kept)) return;
          event.preventDefault();
          event.stopPropagation(); // a notebook would move to another cell
          if (move) {
            const next = move[0][move[0].indexOf(circle) + move[1]];
            if (next) focus(next);
          } else {
            keep(press ? model : kept);
            show(circle);
          }
        });
      }
      across[0].setAttribute("tabindex", "0");
      card.textContent = `${circles.length} figures. Point at a dot, or use the Tab and arrow keys; ` +
        "a click or Enter keeps one network in sight.";
      delete card.dataset.era;
    }

    form.hidden = false;
    form.addEventListener("change", (event) => {
      const { metric, data } = form.elements;
      if (event.target === data && data.value !== "ImageNet") metric.value = "top1";
      draw();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.reset();
    draw();
    if (window.ResizeObserver) {
      const fit = () => plot.clientWidth && Math.abs(plot.clientWidth - width) > 8 && draw();
      new ResizeObserver(() => requestAnimationFrame(fit)).observe(plot); // not while it lays out
    }
  }

  for (const root of document.querySelectorAll(".landscape:not([data-live])")) {
    root.dataset.live = "";
    start(root);
  }
})();
