"""Every page in a browser, wide and light, then narrow and dark: errors, hosts, axe-core, folds.

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

# The pages whose contrasts are looked at in the dark theme, too: some of each kind, and all live
# figures. The colors come from one style sheet, and contrasts are what takes axe-core longest.
DARK = [
    "index.html",
    "search.html",
    "appendix/api/claims.html",
    "appendix/api/kernels.html",
    "appendix/api/optim.html",
    "appendix/benchmarks.html",
    "appendix/bibliography.html",
    "appendix/cnnz.html",
    "compression/bnn.html",
    "compression/deep_compression.html",
    "compression/pruning.html",
    "compression/quantization.html",
    "compression/xnor.html",
    "early/lenet1989.html",
    "early/lenet1990.html",
    "early/lenet5.html",
    "graphics/fluid.html",
    "graphics/octree.html",
    "guide/glossary.html",
    "guide/primer.html",
    "guide/read.html",
    "guide/run.html",
    "imagenet/alexnet.html",
    "imagenet/landscape.html",
    "imagenet/resnet.html",
    "inception/batch_norm.html",
    "nlp/textcnn.html",
    "residual/mobilenet.html",
    "toolbox/convolution.html",
    "toolbox/optimizers.html",
]

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
  const [wide, names, dark] = [%s, %s, %s];
  const found = {};
  const source = wide && await (await fetch("/axe.min.js")).text();
  const tokens = new Set();
  let formulas = 0;
  localStorage.setItem("mode", wide ? "light" : "dark");
  localStorage.setItem("theme", wide ? "light" : "dark");
  for (const name of names) {
    const frame = await open("/" + name, wide ? 1200 : 390);
    const [page, inside] = [frame.contentDocument, frame.contentWindow];
    const slips = (found[name] = {});
    if (inside.MathJax) {
      await until(() => inside.MathJax.startup?.promise);
      await inside.MathJax.startup?.promise;
    }
    if (page.documentElement.dataset.theme !== (wide ? "light" : "dark")) slips.theme = "another";
    for (const fold of page.querySelectorAll("article details:not([open])")) {
      fold.querySelector("summary").click();
      if (!fold.open || fold.scrollHeight <= fold.querySelector("summary").offsetHeight) {
        (slips.closed ??= []).push(fold.outerHTML.slice(0, 120));
      }
    }
    for (const figure of page.querySelectorAll(".live[data-live]")) {
      figure.scrollIntoView();
      await until(() => figure.dataset.state, 60000);
      if (figure.dataset.state !== "live") slips.figure = figure.dataset.live;
    }
    await wait(150);
    if (!wide) Object.assign(slips, narrow(page, inside));
    const hosts = inside.performance.getEntriesByType("resource").map((e) => new URL(e.name).host);
    const others = new Set(hosts.filter((host) => host && host !== location.host));
    if (others.size) slips.hosts = [...others];
    if (wide) await axed(page, inside, slips, name);
    if (inside.noted.length) slips.noted = inside.noted;
    if (!Object.keys(slips).length) delete found[name];
    frame.remove();
  }
  return found;

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

  async function axed(page, inside, slips, name) {
    const script = page.createElement("script");
    script.textContent = source;
    const still = page.createElement("style");
    still.textContent = "* { transition: none !important; }"; // colors settle at once
    page.head.append(script, still);
    // one piece of code of each color, and some formulas, say enough for all pages
    for (const span of page.querySelectorAll(".highlight pre span[class]")) {
      if (!tokens.has(span.className)) tokens.add(span.className);
      else if (!span.querySelector("[id]") && !span.id) span.replaceWith(span.textContent);
    }
    for (const formula of page.querySelectorAll("mjx-container")) {
      if (++formulas > 3) formula.replaceWith("x");
    }
    // so do some entries of a page of the reference, which are all made alike
    const entries = [...page.querySelectorAll("dl.py:not(:has(dl.py))")];
    for (const entry of entries.slice(20)) entry.remove();
    // a drawing without anything to use has no rule but for its name
    for (const drawing of page.querySelectorAll("article svg:not(:has(a, [role], [tabindex]))")) {
      drawing.replaceChildren(...drawing.querySelectorAll(":scope > title, :scope > desc"));
    }
    const [exclude, common] = [[], [".bd-sidebar-primary", ".bd-header", ".bd-footer"]];
    for (const part of name === names[0] ? [] : common) {
      if (!page.querySelector(part)) continue;
      page.querySelector(part).replaceChildren();
      exclude.push([part]);
    }
    for (const theme of dark.includes(name) ? ["light", "dark"] : ["light"]) {
      page.documentElement.dataset.theme = theme;
      await wait(50);
      // only colors differ between the themes; what is switched off is never more than moderate
      const off = ["region", "landmark-one-main", "landmark-unique", "heading-order", "skip-link"];
      const { violations } = await inside.axe.run({ include: [["body"]], exclude }, {
        resultTypes: ["violations"],
        ...(theme === "dark" ? { runOnly: ["color-contrast"] }
          : { rules: Object.fromEntries(off.map((rule) => [rule, { enabled: false }])) }),
      });
      const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
      const said = ({ html, any }) => [html.slice(0, 160), any[0]?.message];
      if (grave.length) slips[theme] = grave.map(({ id, impact, nodes }) =>
        [id, impact, nodes.length, ...nodes.slice(0, 3).map(said)]);
    }
  }
"""


def pages() -> list[str]:
    assert (HTML / "index.html").is_file(), "there is no book: run `make book` first"
    skipped = ("_static", "_modules")
    names = [path.relative_to(HTML) for path in sorted(HTML.rglob("*.html"))]
    return [name.as_posix() for name in names if name.parts[0] not in skipped]


def visited(
    names: list[str], wide: bool, folder: Path = HTML, dark: list[str] | None = None
) -> dict:
    """Return what is wrong with pages, by name; two browsers take turns."""
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_bytes()

    def half(n: int) -> dict:
        script = VISIT % (
            json.dumps(wide),
            json.dumps(names[n::BROWSERS]),
            json.dumps(names if dark is None else dark),
        )
        served = {"/axe.min.js": axe}
        return looking(folder, script, served, seconds=280, first=NOTES)

    with ThreadPoolExecutor(BROWSERS) as pool:
        found: dict = {}
        for part in pool.map(half, range(min(BROWSERS, len(names)))):
            found.update(part)
        return found


@pytest.mark.parametrize("part", range(PARTS))
def test_wide_and_light_and_by_the_rules_of_axe(part: int):
    assert set(DARK) <= set(pages())
    assert visited(pages()[part::PARTS], wide=True, dark=DARK) == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_narrow_and_dark(part: int):
    assert visited(pages()[part::PARTS], wide=False) == {}


# The visit on small pages: a sound one passes, and each slip is found.

SOUND = """<!doctype html>
<html lang="en" data-theme="%s"><head><meta charset="utf-8"><title>x</title>
<style>html[data-theme=dark] { background: #000; color: #fff; }</style></head>
<body><main><article><h1>x</h1><p>words</p><details><summary>z</summary><p>w</p></details>
<div class="highlight"><pre><span class="k">if</span> <span class="k">or</span></pre></div>
</article></main></body></html>"""
SLIPS = {
    "errors": ("<p>words</p>", "<script>nothing.at.all</script>", "noted"),
    "missing": ("<p>words</p>", "<script src='gone.js'></script>", "noted"),
    "console": ("<p>words</p>", "<script>console.error('bad')</script>", "noted"),
    "rejected": ("<p>words</p>", "<script>Promise.reject('no')</script>", "noted"),
    "host": ("<p>words</p>", "<img alt='' src='http://127.0.0.2:9/x.png'>", "hosts"),
    "closed": ("<p>w</p>", "", "closed"),
    "pale": ("<p>words</p>", "<p style='color: #ccc; background: #fff'>words</p>", "light"),
    "dim": ("<p>words</p>", "<p style='color: #333; background: inherit'>words</p>", "dark"),
    "code": ('"k">if', '"kx" style="color: #ccc">if', "light"),
    "unnamed": ("<p>words</p>", "<button></button>", "light"),
    "wide": ("<p>words</p>", "<p style='width: 900px'>words</p>", "wide"),
    "stuck": (
        "<p>words</p>",
        "<div style='overflow-x: auto'><p style='width: 900px'>words</p></div>",
        "stuck",
    ),
}


@pytest.mark.parametrize("wide", [True, False])
def test_slips_are_found(wide: bool, tmp_path: Path):
    sound = SOUND % ("light" if wide else "dark")
    (tmp_path / "sound.html").write_text(sound)
    for name, (old, new, _) in SLIPS.items():
        assert old in sound
        (tmp_path / f"{name}.html").write_text(sound.replace(old, new, 1))
    found = visited(sorted(p.name for p in tmp_path.glob("*.html")), wide, tmp_path)
    only = {"light", "dark"} if not wide else {"wide", "stuck"}
    wanted = {f"{name}.html" for name, (*_, slip) in SLIPS.items() if slip not in only}
    assert wanted <= set(found)
    for name, (*_, slip) in SLIPS.items():
        if f"{name}.html" in wanted:
            assert slip in found[f"{name}.html"], (name, found[f"{name}.html"])
    assert "sound.html" not in found
