"""The book in a browser: the search's order, the timeline's focus, pages on a phone, errors.

A page of ours loads the book's pages in frames, looks at them and sends back what it saw.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from browser_helpers import BROWSER, MISSING, looking

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"

pytestmark = [
    pytest.mark.book,
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=MISSING),
]


@pytest.fixture
def look() -> Any:
    assert (HTML / "index.html").is_file(), "there is no book: run `make book` first"
    return partial(looking, HTML)


SEARCH = """
  const found = {};
  for (const words of %s) {
    const frame = await open(`/search.html?q=${encodeURIComponent(words)}`, 1200);
    const links = () => [...frame.contentDocument.querySelectorAll("#search-results li a")];
    let before = -1;
    await until(() => { const n = links().length; const done = n > 0 && n === before;
      before = n; return done; });
    await wait(600);
    found[words] = links().map((a) => new URL(a.href).pathname.slice(1));
    frame.remove();
  }
  return found;
"""


def test_search_shows_chapters_before_the_reference(look: Any):
    words = ["LeNet", "receptive field", "dropout", "create_model"]
    found = look(SEARCH % json.dumps(words))
    assert found["LeNet"][0] == "early/lenet5.html"
    for word in words[:3]:
        pages = found[word]
        api = [n for n, page in enumerate(pages) if page.startswith("appendix/api/")]
        others = [n for n, page in enumerate(pages) if not page.startswith("appendix/")]
        assert others, word
        assert not api or min(api) > max(others), word
    assert found["create_model"][0] == "appendix/api/registry.html"


FOCUS = """
  const frame = await open("/index.html", 1200);
  const page = frame.contentDocument;
  await until(() => !page.querySelector(".timeline form").hidden);
  const card = page.querySelector(".timeline-card");
  const mark = page.querySelector('.mark[data-system="lenet5"]');
  frame.contentWindow.focus();
  mark.focus();
  await wait(100);
  const shown = !card.hidden;
  const link = card.querySelector("a.more");
  link.focus();
  await wait(600);
  const kept = !card.hidden && page.activeElement === link;
  link.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  await wait(50);
  const back = page.activeElement === mark;
  const heading = page.querySelector("article h1");
  heading.tabIndex = -1;
  heading.focus();
  await wait(600);
  const dead = [...page.querySelectorAll(".mark.built")].filter((m) => !m.href);
  return { shown, kept, back, gone: card.hidden, dead: dead.map((m) => m.dataset.system) };
"""


def test_the_card_of_the_timeline_keeps_the_focus(look: Any):
    seen = look(FOCUS)
    assert seen == {"shown": True, "kept": True, "back": True, "gone": True, "dead": []}


PHONE = """
  const found = {};
  const names = %s;
  async function one() {
    for (let name = names.pop(); name; name = names.pop()) {
      const frame = await open("/" + name, 390);
      const page = frame.contentDocument;
      if (frame.contentWindow.MathJax) {
        await until(() => frame.contentWindow.MathJax.startup?.promise);
        await frame.contentWindow.MathJax.startup?.promise;
      }
      await wait(200);
      const wide = page.scrollingElement.scrollWidth;
      if (wide > page.documentElement.clientWidth) {
        const over = [...page.querySelectorAll("main *")].filter(
          (e) => e.getBoundingClientRect().right > page.documentElement.clientWidth + 1);
        found[name] = [wide, ...over.slice(0, 3).map((e) => e.outerHTML.slice(0, 120))];
      }
      frame.remove();
    }
  }
  await Promise.all([one(), one(), one()]);
  return found;
"""


def test_no_page_scrolls_sideways_on_a_phone(look: Any):
    skipped = ("_static", "_modules")
    names = [path.relative_to(HTML) for path in sorted(HTML.rglob("*.html"))]
    pages = [name.as_posix() for name in names if name.parts[0] not in skipped]
    assert look(PHONE % json.dumps(pages), seconds=280) == {}


SEEN = """
  const found = {};
  const parts = (color) => color.match(/[\\d.]+/g).map(Number)
    .map((v, n) => (color.startsWith("color(") && n < 3 ? 255 * v : v));
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (node, look) => {
    const layers = [];
    for (let e = node; e; e = e.parentElement) {
      const [r, g, b, a = 1] = parts(look(e).backgroundColor);
      if (a) layers.push([r, g, b, a]);
      if (a === 1) break;
    }
    const over = (under, [r, g, b, a]) => [r, g, b].map((v, n) => a * v + (1 - a) * under[n]);
    return layers.reverse().reduce(over, [255, 255, 255]);
  };
  for (const name of %s) for (const theme of ["light", "dark"]) {
    const frame = await open("/" + name, 390);
    const page = frame.contentDocument;
    const look = (e) => frame.contentWindow.getComputedStyle(e);
    page.documentElement.dataset.theme = theme;
    for (const fold of page.querySelectorAll("details")) fold.open = true;
    await wait(700);
    const links = page.querySelectorAll(".exercise a, .start-card a, article summary");
    const pale = [...links].filter((e) => {
      const [a, b] = [light(parts(look(e).color)), light(behind(e, look))].sort((x, y) => y - x);
      return e.offsetParent && (a + 0.05) / (b + 0.05) < 4.5;
    });
    const reach = "a[href], button, input, select, summary, [tabindex]:not([tabindex='-1'])";
    const stuck = [...page.querySelectorAll("article *")].filter((e) =>
      e.offsetParent && ["auto", "scroll"].includes(look(e).overflowX) &&
      e.scrollWidth > e.clientWidth + 1 && !e.matches(reach) && !e.querySelector(reach));
    const bad = [...pale, ...stuck].map((e) => e.outerHTML.slice(0, 120));
    if (bad.length) found[`${name}, ${theme}`] = bad.slice(0, 4);
    frame.remove();
  }
  return found;
"""


def test_links_stand_out_and_whatever_scrolls_takes_the_keyboard(look: Any):
    chapters = [
        path.relative_to(ROOT / "book").with_suffix(".html")
        for path in sorted((ROOT / "book").rglob("*.ipynb"))
    ]
    names = [c.as_posix() for c in chapters if not c.parts[-2].startswith(".")]
    names += ["index.html", "appendix/benchmarks.html", "appendix/api/models.html"]
    assert look(SEEN % json.dumps(names), seconds=280) == {}


ERRORS = """
  const found = {};
  for (const name of %s) {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const errors = (found[name] = []);
    const text = await (await fetch("/" + name)).text();
    const folder = new URL("/" + name, location).href;
    const listen = "<script>window.onerror = (m) => parent.note(m);<" + "/script>";
    const hook = `<base href="${folder}">${listen}`;
    window.note = (message) => errors.push(message);
    frame.srcdoc = text.replace("<head>", "<head>" + hook);
    await new Promise((done) => { frame.onload = done; });
    await wait(500);
    frame.remove();
  }
  return found;
"""


def test_pages_run_without_errors(look: Any):
    names = ["index.html", "early/lenet5.html", "search.html", "appendix/api/models.html"]
    assert look(ERRORS % json.dumps(names)) == {name: [] for name in names}
