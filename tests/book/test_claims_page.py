"""The cards of checked statements in the book: code in color, a link to its file."""

import importlib
import re
import sys
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnhistory.claims import show

pytest.importorskip("sphinx", reason="the extra `book` is not installed")
nodes = pytest.importorskip("docutils.nodes")
ROOT = Path(__file__).resolve().parents[2]
REPOSITORY = "https://example.org/us/it"


@pytest.fixture(scope="module")
def extension():
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        return importlib.import_module("book_claims")
    finally:
        sys.path.remove(str(ROOT / "book" / "_ext"))


@pytest.fixture(scope="module")
def stored():
    return show("lenet5")._repr_html_()


def codes(page):
    """Return the text of every piece of code."""
    found = re.findall(r"<pre tabindex=\"0\">(.*?)</pre>", page, re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", "", code)).strip() for code in found]


def test_the_code_is_colored_and_stays_the_same(extension, stored):
    page = extension.finished(stored, REPOSITORY)
    assert codes(page) == codes(stored) != []
    assert page.count('<div class="highlight"><pre') == len(codes(stored))
    assert '<span class="k">def</span>' in page
    assert "language-python" not in page


def test_the_file_becomes_a_link(extension, stored):
    page = extension.finished(stored, REPOSITORY)
    link = f'From <a href="{REPOSITORY}/cnnhistory/survey/early/lenet5.py"><code>'
    assert page.count(link) == len(codes(stored))


def test_only_cards_are_changed(extension, stored):
    other = '<pre tabindex="0"><code class="language-python">x</code></pre>'
    page = nodes.container("")
    page += [nodes.raw("", text, format="html") for text in (stored, other)]
    options = {"repository_url": "https://example.org/us/it/", "repository_branch": "next"}
    app = SimpleNamespace(config=SimpleNamespace(html_theme_options=options))
    extension.finish_cards(app, page)
    first, second = page.children
    assert first.astext() == extension.finished(stored, f"{REPOSITORY}/blob/next")
    assert second.astext() == other
