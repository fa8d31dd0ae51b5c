"""The book in a browser: the search's order and the timeline's focus; see also test_visits.py.

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
    words = ["LeNet", "receptive field", "dropout", "create_model", "depthwise"]
    found = look(SEARCH % json.dumps(words))
    assert found["LeNet"][0] == "early/lenet5.html"
    for word in [*words[:3], words[4]]:
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
