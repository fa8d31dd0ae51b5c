"""Every page in a browser, on a phone and on a screen, in the light and in the dark.

A page is loaded once, on a phone, in the light or in the dark, then widened and turned into the
other where it stands; pages with scripts of their own are loaded both ways. Looked at are errors,
hosts, folds, what scrolls sideways, and the rules of axe-core whose breach is serious or critical.
Pages are shared out to two browsers; what stands on every page is looked at once by each.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
from browser_helpers import BROWSER, MISSING, looking

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
PARTS, BROWSERS = 4, 2  # of the pages: a test each; at a time
SECONDS = 280  # that a browser may take for its share of a part
THEMES = ("light", "dark")
WIDE, NARROW = 1200, 390  # pixels
Load = tuple[str, str, int]  # a page, and the theme and width in which it is loaded
OWN_SCRIPTS = ("data-live=", 'id="timeline"', 'id="search-results"')

pytestmark = [
    pytest.mark.book,
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=MISSING),
]

# Stands first in every page: keeps what goes wrong there.
NOTES = """<script>
  window.noted = [];
  const note = (...words) => noted.push(words.map(String).join(" ").slice(0, 300));
  const missed = ({ src, href }) => `not loaded: ${src ?? href}`;
  addEventListener("error", (e) => note(e.message ?? missed(e.target)), true);
  addEventListener("unhandledrejection", (e) => note(e.reason));
  console.error = note;
  console.warn = (...words) => /^Live figure/.test(words[0]) && note(...words);
</script>"""

VISIT = """
  const [plan, known] = [%s, %s];
  const [WIDE, NARROW] = [1200, 390];
  const COLORS = ["color-contrast", "link-in-text-block"];
  const source = await (await fetch("/axe.min.js")).text();
  const found = {};
  let coming = begin(0);
  for (let n = 0; n < plan.length; n++) {
    const [frame, begun] = await coming;
    coming = begin(n + 1); // loads while this one is looked at
    const slips = await visit(frame, plan[n], begun);
    if (Object.keys(slips).length) found[plan[n].join(" ")] = slips;
    frame.remove();
  }
  return { found, known };

  async function begin(n) {
    if (n >= plan.length) return null;
    const [name, theme, width] = plan[n];
    localStorage.setItem("mode", theme);
    localStorage.setItem("theme", theme);
    return [await open("/" + name, width), performance.now()];
  }

  async function visit(frame, [, theme, width], begun) {
    const [page, inside, slips] = [frame.contentDocument, frame.contentWindow, {}];
    if (inside.MathJax) {
      await until(() => inside.MathJax.startup?.promise);
      await inside.MathJax.startup?.promise;
    }
    const root = page.documentElement;
    if (root.dataset.theme !== theme) slips.theme = root.dataset.theme ?? "none";
    for (const fold of page.querySelectorAll("article details:not([open])")) {
      fold.querySelector("summary").click();
      if (!fold.open || fold.scrollHeight <= fold.querySelector("summary").offsetHeight) {
        (slips.closed ??= []).push(fold.outerHTML.slice(0, 120));
      }
    }
    for (const figure of page.querySelectorAll(".live[data-live]")) {
      figure.scrollIntoView();
      await until(() => figure.dataset.state);
      if (figure.dataset.state !== "live") slips.figure = figure.dataset.live;
    }
    await wait(Math.max(0, 150 - (performance.now() - begun)));
    if (width === NARROW) Object.assign(slips, narrow(page, inside));
    frame.style.width = `${WIDE}px`;
    await axed(page, inside, slips, theme);
    const hosts = inside.performance.getEntriesByType("resource").map((e) => new URL(e.name).host);
    const others = new Set(hosts.filter((host) => host && host !== location.host));
    if (others.size) slips.hosts = [...others];
    if (inside.noted.length) slips.noted = inside.noted;
    return slips;
  }

  function narrow(page, inside) {
    const slips = {};
    const [seen, whole] = [page.documentElement.clientWidth, page.scrollingElement.scrollWidth];
    if (whole > seen) {
      const over = [...page.querySelectorAll("main *")].filter(
        (e) => e.getBoundingClientRect().right > seen + 1);
      slips.wide = [whole, ...over.slice(0, 3).map((e) => e.outerHTML.slice(0, 120))];
    }
    const reach = "a[href], button, input, select, summary, [tabindex]:not([tabindex='-1'])";
    const scrolls = (e) => e.scrollWidth > e.clientWidth + 1 && e.offsetParent &&
      ["auto", "scroll"].includes(inside.getComputedStyle(e).overflowX);
    const stuck = [...page.querySelectorAll("article *")].filter(
      (e) => scrolls(e) && !e.matches(reach) && !e.querySelector(reach));
    if (stuck.length) slips.stuck = stuck.slice(0, 4).map((e) => e.outerHTML.slice(0, 120));
    return slips;
  }

  async function axed(page, inside, slips, theme) {
    const script = page.createElement("script");
    script.textContent = source;
    const still = page.createElement("style");
    still.textContent = "* { transition: none !important; }"; // colors settle at once
    page.head.append(script, still);
    const exclude = [];
    for (const part of known.common ? [".bd-sidebar-primary", ".bd-header", ".bd-footer"] : []) {
      if (!page.querySelector(part)) continue;
      page.querySelector(part).replaceChildren();
      exclude.push([part]);
    }
    known.common = true;
    thin(page);
    for (const now of [theme, theme === "light" ? "dark" : "light"]) {
      page.documentElement.dataset.theme = now;
      await drawn(inside);
      await contrasts(page, inside, slips, now);
    }
    // what is never more than moderate is switched off
    const off = inside.axe._audit.rules.filter((rule) =>
      COLORS.includes(rule.id) || !["serious", "critical"].includes(rule.impact));
    const { violations } = await inside.axe.run({ include: [["body"]], exclude }, {
      resultTypes: ["violations"],
      rules: Object.fromEntries(off.map(({ id }) => [id, { enabled: false }])),
    });
    note(slips, "rules", violations);
  }

  function note(slips, kind, violations) {
    const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    const said = ({ html, any }) => [html.slice(0, 160), any[0]?.message];
    if (grave.length) slips[kind] = grave.map(({ id, impact, nodes }) =>
      [id, impact, nodes.length, ...nodes.slice(0, 3).map(said)]);
  }

  // A contrast follows from how a text is set and from what lies behind it: axe-core judges the
  // first text of each kind. What it cannot judge it is asked again, three times at most.
  async function contrasts(page, inside, slips, theme) {
    const behind = new Map([[null, theme]]); // of an element: what paints or hides, up to the root
    const behindOf = (element) => {
      if (behind.has(element)) return behind.get(element);
      const style = inside.getComputedStyle(element);
      const own = [];
      if (style.backgroundColor !== "rgba(0, 0, 0, 0)") own.push(style.backgroundColor);
      if (style.backgroundImage !== "none") own.push(style.backgroundImage);
      if (style.opacity !== "1") own.push(style.opacity);
      if (style.filter !== "none") own.push(style.filter);
      if (!/static|relative/.test(style.position)) own.push(style.position, element.className);
      const all = behindOf(element.parentElement) + (own.length ? `|${own.join()}` : "");
      behind.set(element, all);
      return all;
    };
    const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    const [asked, looked] = [new Map(), new Set()];
    for (const times = {}; texts.nextNode(); ) {
      const element = texts.currentNode.parentElement;
      if (looked.has(element) || !texts.currentNode.data.trim()) continue;
      looked.add(element);
      if (element.closest("svg")) continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      const { color, fontSize, fontWeight, textShadow } = inside.getComputedStyle(element);
      const parts = [behindOf(element), color, fontSize, fontWeight, textShadow];
      const link = element.closest("a[href]"); // which may stand out from its text by color alone
      if (link) {
        parts.push(inside.getComputedStyle(link).textDecorationLine, link.parentElement.tagName,
          inside.getComputedStyle(link.parentElement).color);
      }
      const kind = parts.join(" ");
      times[kind] = (times[kind] ?? known.kinds[kind] ?? 0) + 1;
      if (times[kind] <= 3) asked.set(link ?? element, kind);
    }
    if (!asked.size) return;
    const { violations, passes } = await inside.axe.run([...asked.keys()], {
      runOnly: COLORS, elementRef: true, resultTypes: ["violations", "passes"],
    });
    const add = (kind, times) => (known.kinds[kind] = (known.kinds[kind] ?? 0) + times);
    for (const kind of asked.values()) add(kind, 1);
    for (const { id, nodes } of [...violations, ...passes]) {
      for (const { element } of id === COLORS[0] ? nodes : []) {
        const kind = asked.get(element) ?? asked.get(element.closest("a[href]"));
        if (kind) add(kind, 3);
      }
    }
    note(slips, theme, violations);
  }

  // What is made like what stays is taken out, and what no rule looks at.
  function thin(page) {
    // one piece of code of each color, and some formulas, say enough for all pages
    for (const span of page.querySelectorAll(".highlight pre span[class]")) {
      const kind = `${span.className} ${span.closest(".highlight").parentElement.className}`;
      if (!known.tokens.includes(kind)) known.tokens.push(kind);
      else if (!span.querySelector("[id], a") && !span.id) span.replaceWith(span.textContent);
    }
    for (const formula of [...page.querySelectorAll("mjx-container")].slice(3)) {
      formula.replaceWith("x");
    }
    // so do some entries of a page of the reference
    const entries = [...page.querySelectorAll("dl.py:not(:has(dl.py))")];
    for (const entry of entries.slice(20)) entry.remove();
    // a drawing without anything to use has no rule but for its name
    for (const drawing of page.querySelectorAll("article svg:not(:has(a, [role], [tabindex]))")) {
      drawing.replaceChildren(...drawing.querySelectorAll(":scope > title, :scope > desc"));
    }
  }
"""


def pages() -> list[str]:
    assert (HTML / "index.html").is_file(), "there is no book: run `make book` first"
    skipped = ("_static", "_modules")
    names = [path.relative_to(HTML) for path in sorted(HTML.rglob("*.html"))]
    return [name.as_posix() for name in names if name.parts[0] not in skipped]


def planned(names: list[str]) -> list[Load]:
    """Return how each page is loaded: narrow, light and dark in turn, or in both ways."""
    plan: list[Load] = []
    for n, name in enumerate(names):
        theme, other = THEMES[:: 1 - n % 2 * 2]
        plan.append((name, theme, NARROW))
        text = (HTML / name).read_text(encoding="utf-8")
        if any(own in text for own in OWN_SCRIPTS):
            plan.append((name, other, WIDE))
    return plan


def visited(plan: list[Load], known: dict, folder: Path = HTML) -> dict:
    """Return what is wrong with pages, by how they were loaded; two browsers share them.

    `known` is what need not be looked at again, and grows.
    """
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_bytes()
    size = -(-len(plan) // BROWSERS)

    def share(begin: int) -> dict:
        script = VISIT % (json.dumps(plan[begin : begin + size]), json.dumps(known))
        seen = looking(folder, script, {"/axe.min.js": axe}, seconds=SECONDS, first=NOTES)
        assert "found" in seen, seen
        return seen

    with ThreadPoolExecutor(BROWSERS) as pool:
        seen = list(pool.map(share, range(0, len(plan), size)))
    for one in seen:
        known["kinds"].update(one["known"]["kinds"])
        known["tokens"] = sorted({*known["tokens"], *one["known"]["tokens"]})
        known["common"] = True
    return {load: slips for one in seen for load, slips in one["found"].items()}


def nothing() -> dict:
    return {"kinds": {}, "tokens": [], "common": False}


@pytest.fixture(scope="module")
def known() -> dict:
    return nothing()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page(part: int, known: dict):
    assert visited(planned(pages()[part::PARTS]), known) == {}


# The visit on small pages: a sound one passes, and each slip is found.

SOUND = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>x</title>
<script>document.documentElement.dataset.theme = localStorage.getItem("theme");</script>
<style>html[data-theme=dark] { background: #000; color: #fff; }</style></head>
<body><main><article><h1>x</h1><p>words</p><details><summary>z</summary><p>w</p></details>
<div class="highlight"><pre><span class="k">if</span> <span class="k">or</span></pre></div>
</article></main></body></html>"""
ON_CHANGE = """<script>new MutationObserver(() => nothing.at.all).observe(
document.documentElement, { attributeFilter: ["data-theme"] });</script>"""
# what is put in place of what, what is noticed, and when it is noticed in one theme alone, which
SLIPS = {
    "errors": ("<p>words</p>", "<script>nothing.at.all</script>", "noted"),
    "missing": ("<p>words</p>", "<script src='gone.js'></script>", "noted"),
    "console": ("<p>words</p>", "<script>console.error('bad')</script>", "noted"),
    "rejected": ("<p>words</p>", "<script>Promise.reject('no')</script>", "noted"),
    "change": ("<p>words</p>", ON_CHANGE, "noted"),
    "host": ("<p>words</p>", "<img alt='' src='http://127.0.0.2:9/x.png'>", "hosts"),
    "closed": ("<p>w</p>", "", "closed"),
    "pale": ("<p>words</p>", "<p style='color: #ccc; background: #fff'>words</p>", "light"),
    "dim": ("<p>words</p>", "<p style='color: #333; background: inherit'>words</p>", "dark"),
    "shade": ("<p>words</p>", "<div style='background: #999'><p>words</p></div>", "dark"),
    "sheer": ("<p>words</p>", "<div style='opacity: 0.4'><p>words</p></div>", "light"),
    "small": ("<h1>x</h1>", "<h1>x</h1><p style='color: #888'>tiny</p>", "light"),
    "code": ('"k">if', '"kx" style="color: #ccc">if', "light"),
    "unnamed": ("<p>words</p>", "<button></button>", "rules"),
    "untold": ("<p>words</p>", "<img src='data:,'>", "rules"),
    "wide": ("<p>words</p>", "<p style='width: 900px'>words</p>", "wide"),
    "stuck": (
        "<p>words</p>",
        "<div style='overflow-x: auto'><p style='width: 900px'>words</p></div>",
        "stuck",
    ),
    "stubborn": ('localStorage.getItem("theme")', '"light"', "theme"),
}


@pytest.fixture(scope="module")
def slips(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("slips")
    plan: list[Load] = [("sound.html", theme, NARROW) for theme in THEMES]
    (folder / "sound.html").write_text(SOUND)
    for name, (old, new, _) in SLIPS.items():
        assert old in SOUND
        (folder / f"{name}.html").write_text(SOUND.replace(old, new, 1))
        plan += [(f"{name}.html", theme, NARROW) for theme in THEMES]
    return visited(plan, nothing(), folder)


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_found(name: str, slips: dict):
    slip = SLIPS[name][2]
    loads = {theme: slips.get(f"{name}.html {theme} {NARROW}", {}) for theme in THEMES}
    seen = [theme for theme, found in loads.items() if slip in found]
    # what is asked of a contrast once need not be asked again
    wanted = {"theme": ["dark"]}.get(slip, ["light", "dark"])
    assert seen == wanted or (slip in ("light", "dark") and seen), slips


def test_a_sound_page_has_no_slips(slips: dict):
    assert not [name for name in slips if name.startswith("sound")]
