"""The rendered book is whole: pages, links, alt text, timeline, badges; each check bites."""

import posixpath
import re
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

import cnnhistory

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
BOOK = ROOT / "book"
TOC = ROOT / "_toc.yml"

MAX_BYTES = 2_000_000
FILE_NAME = re.compile(r"(\S*/)?\S+\.(png|jpe?g|svg|gif)", re.IGNORECASE)


@dataclass
class Page(HTMLParser):
    """What the checks need of a page."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    alts: list[tuple[str, str]] = field(default_factory=list)  # of images in the article
    marks: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)
    badges: int = 0
    in_article: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = values.get("class", "").split()
        self.in_article += tag == "article"
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in ("img", "script", "iframe", "source") and values.get("src"):
            self.loads.append(values["src"])
        if tag == "link" and values.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.append(values["href"])
        if tag == "img" and self.in_article:
            self.alts.append((values.get("src", ""), values.get("alt", "")))
        if "data-system" in values:
            (self.entries if tag == "li" else self.marks).append(values["data-system"])
        self.badges += "chapter-badge" in classes

    def handle_endtag(self, tag: str) -> None:
        self.in_article -= tag == "article"


@cache
def read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def pages(html: Path) -> list[Path]:
    # the theme leaves a template in _static
    return sorted(p for p in html.rglob("*.html") if p.relative_to(html).parts[0] != "_static")


def toc_entries(toc: Path) -> list[str]:
    """Return every file that the table of contents names, without its ending."""

    def walk(node: object) -> list[str]:
        if isinstance(node, list):
            return [name for item in node for name in walk(item)]
        if not isinstance(node, dict):
            return []
        own = [node[key] for key in ("root", "file") if key in node]
        inner = [name for value in node.values() for name in walk(value)]
        return [re.sub(r"\.(md|ipynb)$", "", name) for name in own] + inner

    return walk(yaml.safe_load(toc.read_text(encoding="utf-8")))


def missing_pages(html: Path, toc: Path) -> list[str]:
    return [name for name in toc_entries(toc) if not (html / f"{name}.html").is_file()]


def unlisted_pages(book: Path, toc: Path) -> list[str]:
    """Return sources that no reader can reach; what the build itself writes is left out."""
    sources = [p for p in book.rglob("*") if p.suffix in (".md", ".ipynb")]
    names = {p.relative_to(book).with_suffix("").as_posix() for p in sources}
    hidden = {name for name in names if name.startswith("appendix/api/") or "/." in f"/{name}"}
    return sorted(names - hidden - set(toc_entries(toc)))


def broken_links(html: Path) -> list[str]:
    """Return links and files of the pages that lead nowhere inside the book."""
    broken = []
    for path in pages(html):
        here = path.relative_to(html).as_posix()
        page = read(path)
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = unquote(parts.path)
            there = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
            file = html / (there if target else here)
            if file.is_dir():
                file /= "index.html"
            fragment = unquote(parts.fragment)
            if (
                there.startswith("..")
                or not file.is_file()
                or (fragment and file.suffix == ".html" and fragment not in read(file).ids)
            ):
                broken.append(f"{here}: {link}")
    return broken


def foreign_files(html: Path) -> list[str]:
    """Return what pages load from other hosts."""
    return [
        f"{path.relative_to(html)}: {link}"
        for path in pages(html)
        for link in read(path).loads
        if urlsplit(link).netloc
    ]


def images_without_alt(html: Path) -> list[str]:
    return [
        f"{path.relative_to(html)}: {source}"
        for path in pages(html)
        for source, alt in read(path).alts
        if not alt.strip() or FILE_NAME.fullmatch(alt.strip())
    ]


def large_pages(html: Path) -> list[str]:
    return [
        f"{path.relative_to(html)}: {path.stat().st_size:,} bytes"
        for path in pages(html)
        if path.stat().st_size > MAX_BYTES
    ]


def timeline_gaps(front: Path) -> list[str]:
    """Return the systems that are not exactly once in the drawing and once in the list."""
    page = read(front)
    return [
        id
        for id in {*cnnhistory.list_systems(), *page.marks, *page.entries}
        if page.marks.count(id) != 1 or page.entries.count(id) != 1
    ]


def chapters_without_badge(html: Path, book: Path) -> list[str]:
    names = (path.relative_to(book).with_suffix("") for path in book.rglob("*.ipynb"))
    chapters = [html / f"{name}.html" for name in names if not name.parts[-1].startswith(".")]
    return [
        page.relative_to(html).as_posix()
        for page in chapters
        if page.is_file() and read(page).badges != 1
    ]


@pytest.fixture
def html() -> Path:
    assert (HTML / "index.html").is_file(), "there is no book: run `make book` first"
    return HTML


@pytest.mark.book
def test_every_page_of_the_contents_is_there(html: Path):
    assert missing_pages(html, TOC) == []
    assert list((html / "appendix" / "api").glob("*.html"))


def test_every_source_is_in_the_contents():
    assert unlisted_pages(BOOK, TOC) == []


@pytest.mark.book
def test_internal_links_resolve(html: Path):
    assert broken_links(html) == []


@pytest.mark.book
def test_nothing_is_loaded_from_other_hosts(html: Path):
    assert foreign_files(html) == []


@pytest.mark.book
def test_every_image_has_alt_text(html: Path):
    assert images_without_alt(html) == []


@pytest.mark.book
def test_no_page_is_huge(html: Path):
    assert large_pages(html) == []


@pytest.mark.book
def test_timeline_has_every_system(html: Path):
    assert timeline_gaps(html / "index.html") == []
    assert len(read(html / "index.html").marks) == 142


@pytest.mark.book
def test_every_chapter_has_a_badge(html: Path):
    assert chapters_without_badge(html, BOOK) == []


# The checks on a book of two pages: it passes, and each slip put into it is found.


def example(folder: Path) -> tuple[Path, Path, Path]:
    """Write a sound book; return its HTML, its sources and its table of contents."""
    html, book, toc = folder / "html", folder / "book", folder / "_toc.yml"
    marks = "".join(f'<g data-system="{id}"></g>' for id in cnnhistory.list_systems())
    entries = "".join(f'<li data-system="{id}"></li>' for id in cnnhistory.list_systems())
    files = {
        html / "index.html": f'<a href="part/one.html#here">1</a><svg>{marks}</svg>{entries}',
        html / "part" / "one.html": (
            '<link rel="stylesheet" href="../style.css?v=1"><a href="#here">up</a>'
            '<img src="../logo.svg" alt=""><article><p class="chapter-badge"></p>'
            '<h1 id="here">One</h1><img src="../a%20b.png" alt="A line that rises">'
            '<a href="https://example.org/x">out</a><a href="../">front</a></article>'
        ),
        html / "style.css": "",
        html / "logo.svg": "",
        html / "a b.png": "",
        book / "index.md": "",
        book / "part" / "one.ipynb": "",
        book / "appendix" / "api" / "written.md": "",
        toc: (
            "format: jb-book\nroot: index\nparts:\n- caption: One\n  chapters:\n"
            "  - file: part/one\n    sections:\n    - glob: appendix/api/*\n"
        ),
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return html, book, toc


def findings(html: Path, book: Path, toc: Path) -> list[str]:
    return [
        *missing_pages(html, toc),
        *unlisted_pages(book, toc),
        *broken_links(html),
        *foreign_files(html),
        *images_without_alt(html),
        *large_pages(html),
        *timeline_gaps(html / "index.html"),
        *chapters_without_badge(html, book),
    ]


def test_the_example_is_sound(tmp_path: Path):
    assert findings(*example(tmp_path)) == []


ONE = "html/part/one.html"
SLIPS = {
    "missing page": ("_toc.yml", "part/one\n", "part/two\n", "part/two"),
    "unlisted page": ("_toc.yml", "  - file: part/one", "  - file: index", "part/one"),
    "link to no page": ("html/index.html", "part/one.html", "part/2.html", "part/2.html#here"),
    "link to no place": (ONE, '"#here"', '"#there"', "#there"),
    "link out of the book": (ONE, '"../"', '"../../book/index.md"', "../../book/index.md"),
    "missing image": (ONE, "a%20b.png", "c.png", "c.png"),
    "foreign script": (
        ONE,
        "<a ",
        '<script src="https://example.org/x.js"></script><a ',
        "x.js",
    ),
    "foreign style": (ONE, "../style.css?v=1", "https://example.org/s.css", "s.css"),
    "no alt": (ONE, ' alt="A line that rises"', "", "a%20b.png"),
    "file as alt": (ONE, "A line that rises", "../_images/0af3.png", "a%20b.png"),
    "huge page": (ONE, "One</h1>", "One</h1>" + "x" * 2_000_000, "bytes"),
    "system not drawn": ("html/index.html", '<g data-system="lenet5"', "<g", "lenet5"),
    "system not listed": ("html/index.html", '<li data-system="lenet5"', "<li", "lenet5"),
    "unknown system": ("html/index.html", "</svg>", '<g data-system="x"></g></svg>', "x"),
    "no badge": (ONE, "chapter-badge", "", "part/one.html"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_found(slip: str, tmp_path: Path):
    html, book, toc = example(tmp_path)
    name, old, new, message = SLIPS[slip]
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    found = findings(html, book, toc)
    assert found
    assert any(message in finding for finding in found)
