"""Rendered pages are light, their controls have names, their numbers are those of the chapter."""

import base64
import gzip
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
CHAPTERS = sorted(
    path.relative_to(ROOT / "book").with_suffix("").as_posix()
    for path in (ROOT / "book").rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)

MAX_CHAPTER, MAX_FRONT = 1_000_000, 500_000  # bytes of the first view, compressed
PACKED = {".png", ".jpg", ".woff", ".woff2"}  # a server does not compress these again
VOID = {"img", "input", "meta", "link", "br", "hr", "source", "wbr", "col", "area"}
FONT = re.compile(r"url\(data:font/woff;base64,([^)]+)\)")
STYLE_URL = re.compile(r"url\(\s*[\"']?([^)\"']+)")


@dataclass
class Element:
    """An element with its attributes, its text and what stands inside."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def all(self, *tags: str) -> list["Element"]:
        inner = [child for child in self.children if isinstance(child, Element)]
        found = [child for child in inner if not tags or child.tag in tags]
        return found + [one for child in inner for one in child.all(*tags)]


class Tree(HTMLParser):
    """Reads a page into elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.here = self.root = Element("", {})
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        new = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(new)
        if tag not in VOID:
            self.here = new

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        new = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(new)

    def handle_endtag(self, tag: str) -> None:
        node: Element | None = self.here
        while node is not None and node.tag != tag:
            node = node.parent
        if node is not None and node.parent is not None:
            self.here = node.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def tree(text: str) -> Element:
    return Tree(text).root


@cache
def page(path: Path) -> Element:
    return tree(path.read_text(encoding="utf-8"))


def loads(root: Element) -> list[str]:
    """Return what a page loads before anyone scrolls or clicks."""
    found = []
    for node in root.all():
        if node.tag in ("script", "img", "iframe") and node.attributes.get("src"):
            found.append(node.attributes["src"])
        if node.tag == "link" and node.attributes.get("rel") in ("stylesheet", "icon", "preload"):
            found.append(node.attributes["href"])
    return [link for link in found if not link.startswith("data:")]


def packed(path: Path) -> int:
    data = path.read_bytes()
    return len(data) if path.suffix in PACKED else len(gzip.compress(data))


def first_view(path: Path, html: Path) -> int:
    """Return the compressed bytes of a page and of everything that it loads.

    Of the fonts of formulas the two that almost every formula needs are counted.
    """
    files = {path}
    for link in loads(page(path)):
        file = (path.parent / unquote(urlsplit(link).path)).resolve()
        files.add(file)
        if file.suffix == ".css":  # style sheets that it imports
            text = file.read_text(encoding="utf-8")
            for part in re.findall(r"@import[^;]+", text):
                files |= {(file.parent / name).resolve() for name in STYLE_URL.findall(part)}
    if any("mathjax" in file.name or "tex-" in file.name for file in files):
        fonts = html / "_static" / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2"
        files |= {fonts / f"MathJax_{name}.woff" for name in ("Main-Regular", "Math-Italic")}
    return sum(packed(file) for file in files)


def unnamed(root: Element) -> list[str]:
    """Return the folds and buttons without a name, or with one that is not what is written."""
    found = []
    for node in root.all("summary", "button"):
        written = " ".join(node.text.split())
        label = node.attributes.get("aria-label", node.attributes.get("title", ""))
        if not (written or label):
            found.append(f"{node.tag} {node.classes}: no name")
        shown = " ".join(
            "".join(c if isinstance(c, str) else seen(c) for c in node.children).split()
        )
        named = node.attributes.get("aria-label")
        if named is not None and shown and shown.lower() not in named.lower():
            found.append(f"{node.tag}: {named!r}, but what is written is {shown!r}")
    return found


def seen(node: Element) -> str:
    if node.attributes.get("aria-hidden") == "true" or node.tag in ("script", "style", "title"):
        return ""
    return "".join(c if isinstance(c, str) else seen(c) for c in node.children)


def doubled(root: Element) -> list[str]:
    """Return ids that stand more than once."""
    ids = Counter(node.attributes["id"] for node in root.all() if node.attributes.get("id"))
    return [id for id, count in ids.items() if count > 1]


def wrong_roles(root: Element) -> list[str]:
    """Return lists by role whose children are no items."""
    return [
        f"{node.tag} {node.classes}"
        for node in root.all()
        if node.attributes.get("role") == "list"
        and any(
            isinstance(child, Element) and child.attributes.get("role") != "listitem"
            for child in node.children
        )
    ]


def wrong_numbers(root: Element) -> list[str]:
    """Return captions and exercises that are not numbered 5.1, 5.2, ... in chapter 5."""
    article = root.all("article")[0]  # cards inside are articles, too
    title = article.all("h1")[0]
    numbers = [n.text for n in title.all("span") if "section-number" in n.classes]
    chapter = numbers[0].strip(" .\xa0") + "." if numbers else ""
    captions = [n.text.split() for n in article.all("span") if "caption-number" in n.classes]
    found = []
    for word in ("Fig.", "Exercise"):
        have = [parts[1] for parts in captions if parts[0] == word]
        want = [f"{chapter}{n}" for n in range(1, len(have) + 1)]
        if have != want:
            found.append(f"{word} {have}, expected {want}")
    return found


def names_as_links(root: Element) -> list[str]:
    """Return links that were made of a name with a dot, such as "XNOR.ai"."""
    return [
        link.text for link in root.all("a") if link.attributes.get("href") == f"http://{link.text}"
    ]


def bare_sources(root: Element) -> list[str]:
    """Return shown sources without code, or without links to the file and the reference."""
    found = []
    for box in root.all("div"):
        if "shown-source" not in box.classes:
            continue
        links = [link.attributes.get("href", "") for link in box.all("a")]
        if not box.all("pre"):
            found.append("no code")
        if not any(re.search(r"/blob/main/cnnhistory/\S+\.py#L\d+-L\d+$", link) for link in links):
            found.append(f"no link to the lines of a file: {links}")
        if not any("appendix/api/" in link for link in links):
            found.append(f"no link to the reference: {links}")
    return found


@pytest.fixture
def html() -> Path:
    assert (HTML / "index.html").is_file(), "there is no book: run `make book` first"
    return HTML


def pages(html: Path) -> list[Path]:
    skipped = ("_static", "_modules")
    return sorted(p for p in html.rglob("*.html") if p.relative_to(html).parts[0] not in skipped)


def on_all(html: Path, check) -> dict[str, list[str]]:
    found = {path.relative_to(html).as_posix(): check(page(path)) for path in pages(html)}
    return {name: slips for name, slips in found.items() if slips}


@pytest.mark.book
@pytest.mark.parametrize("name", ["index", *CHAPTERS])
def test_the_first_view_is_light(name: str, html: Path):
    limit = MAX_FRONT if name == "index" else MAX_CHAPTER
    assert first_view(html / f"{name}.html", html) < limit


@pytest.mark.book
def test_pages_load_what_they_use(html: Path):
    for path in pages(html):
        root = page(path)
        names = " ".join(loads(root))
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"thebe|togglebutton|fontawesome", names + text, re.IGNORECASE), path
        assert ("searchindex.js" in names) == (path == html / "search.html"), path
        formula = any("math" in n.classes for n in root.all("span", "div"))
        assert ("mathjax" in names) == formula, path


@pytest.mark.book
@pytest.mark.parametrize(
    "check", [unnamed, doubled, wrong_roles, names_as_links, bare_sources], ids=lambda c: c.__name__
)
def test_no_page_has(check, html: Path):
    assert on_all(html, check) == {}


@pytest.mark.book
def test_numbers_are_those_of_the_chapter(html: Path):
    numbered = {}
    for name in CHAPTERS:
        root = page(html / f"{name}.html")
        assert wrong_numbers(root) == [], name
        title = root.all("article")[0].all("h1")[0]
        number = [n.text for n in title.all("span") if "section-number" in n.classes]
        if not name.startswith("guide/"):
            numbered[name] = float(number[0])
    assert sorted(numbered.values()) == list(range(1, len(numbered) + 1))


@pytest.mark.book
def test_every_icon_is_in_the_font(html: Path):
    from fontTools.ttLib import TTFont

    style = (html / "_static" / "icons.css").read_text(encoding="utf-8")
    have: set[int] = set()
    for data in FONT.findall(style):
        have |= set(TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap())
    theme = (html / "_static" / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    names = {
        name
        for path in pages(html)
        for node in page(path).all("i", "span")
        for name in node.classes
        if name.startswith("fa-")
    }
    for name in names:
        rule = re.search(rf'\.{name}:before[^{{}}]*\{{content:"\\([0-9a-f]+)"', theme)
        assert rule is None or int(rule[1], 16) in have, name
    assert have


# The checks on small pages: a sound one passes, and each slip is found.

SOUND = (
    '<button aria-label="Search"><i></i></button><details><summary>code</summary></details>'
    '<article><h1><span class="section-number">5. </span>One</h1>'
    '<figcaption><span class="caption-number">Fig. 5.1 </span></figcaption>'
    '<p id="a"><span class="caption-number">Exercise 5.1 </span></p>'
    '<div role="list"><p role="listitem"></p></div><a href="https://x.org">x.org</a>'
    '<div class="shown-source"><pre>x</pre><a href="https://github.com/o/r/blob/main/cnnhistory/'
    'nn/a.py#L1-L2">a</a><a href="../appendix/api/nn.html#a">reference</a></div></article>'
)


def slips(text: str) -> list[str]:
    root = tree(text)
    checks = (unnamed, doubled, wrong_roles, wrong_numbers, names_as_links, bare_sources)
    return [slip for check in checks for slip in check(root)]


def test_the_sound_page_passes():
    assert slips(SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (' aria-label="Search"', "", "no name"),
        ("<summary>code", "<summary>", "no name"),
        ("<summary>code", '<summary aria-label="Toggle">code', "what is written is 'code'"),
        ("<h1>", '<h1 id="a">', "a"),
        (' role="listitem"', "", "div"),
        ("Fig. 5.1", "Fig. 120", "['120'], expected ['5.1']"),
        ("Exercise 5.1", "Exercise 5.2", "['5.2'], expected ['5.1']"),
        ('href="https://x.org"', 'href="http://x.org"', "x.org"),
        ("<pre>x</pre>", "", "no code"),
        ("#L1-L2", "", "lines of a file"),
        ("appendix/api/", "", "no link to the reference"),
    ],
)
def test_a_slip_is_found(old: str, new: str, message: str):
    assert old in SOUND
    found = slips(SOUND.replace(old, new, 1))
    assert len(found) == 1
    assert message in found[0]
