"""The papers that the systems come from, read from the book's bibliography.

>>> paper("lecun1998gradient").title
'Gradient-Based Learning Applied to Document Recognition'
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from cnnhistory._util.lookup import unknown_id

_PACKAGE = Path(__file__).resolve().parent
# A checkout keeps the file with the book; the wheel carries a copy inside the package.
_BIBLIOGRAPHIES = (_PACKAGE.parent / "book" / "references.bib", _PACKAGE / "references.bib")

# Entry type -> the field that says where the work appeared.
_VENUE = {
    "article": "journal",
    "inproceedings": "booktitle",
    "book": "publisher",
    "phdthesis": "school",
    "misc": "howpublished",
}
_FIELDS = {"author", "title", "year", "volume", "number", "pages", "edition", "note"}
_FIELDS |= {"eprint", "archivePrefix", *_VENUE.values()}
_HEAD = re.compile(r"@(\w+)\{([a-z]+\d{4}[a-z0-9]+),")
_FIELD = re.compile(r"  (\w+) = \{(.*)\},")


@dataclass(frozen=True)
class Paper:
    """One entry of the bibliography.

    `authors` is ready to print ("Y. LeCun, L. Bottou"); `venue` names the journal with volume
    and number, the proceedings, the publisher, the school or the place; `arxiv` is the
    identifier without prefix, or None.
    """

    key: str
    authors: str
    title: str
    year: int
    venue: str
    arxiv: str | None = None


@dataclass(frozen=True)
class Figure:
    """A headline figure of a paper, and where it stands there.

    `tolerance` is how far from `value` a repetition may end and still confirm it, in the same
    unit (0 for counts). `model` names the model that the figure is about. `checked` says that a
    test of this package recomputes the figure; an unchecked figure is only quoted.
    """

    quantity: str
    value: float
    unit: str
    tolerance: float
    where: str
    model: str | None = None
    checked: bool = False


def paper(key: str) -> Paper:
    """Return the bibliography's entry with this key.

    Raises:
        UnknownIdError: there is none; a KeyError whose message suggests the nearest keys.
        ValueError: the bibliography has a broken entry.
    """
    papers = _papers()
    if key not in papers:
        raise unknown_id("paper", key, papers, "cnnhistory.papers.list_papers()")
    return papers[key]


def list_papers() -> list[str]:
    """Return the keys of all papers, in the order of the file.

    >>> list_papers()[:2]
    ['adebayo2018sanity', 'arora2014provable']
    """
    return list(_papers())


@functools.cache
def _papers() -> dict[str, Paper]:
    for file in _BIBLIOGRAPHIES:
        if file.is_file():
            return parse_bibliography(file.read_text(encoding="utf-8"), str(file))
    raise FileNotFoundError(
        f"no bibliography: expected {' or '.join(map(str, _BIBLIOGRAPHIES))}; "
        "reinstall the package or run from a complete checkout"
    )


def parse_bibliography(text: str, source: str = "bibliography") -> dict[str, Paper]:
    """Read BibTeX entries written the way `book/references.bib` writes them.

    One field per line as ``  name = {value},``, accents as UTF-8 instead of LaTeX commands,
    names as "Last, F.", and no field or entry type that the book does not use. Other BibTeX is
    refused, so that a slip in the file is found here and not in the rendered book.

    Raises:
        ValueError: an entry is broken; the message names the line and the key.
    """
    papers: dict[str, Paper] = {}
    kind, key, fields = "", "", dict[str, str]()

    def broken(number: int, what: str) -> ValueError:
        entry = f", entry {key!r}" if key else ""
        return ValueError(f"{source}, line {number}{entry}: {what}")

    for number, line in enumerate(text.splitlines(), start=1):
        if not key:
            if not line or line.startswith("%"):
                continue
            head = _HEAD.fullmatch(line)
            if head is None:
                raise broken(number, f"expected '@type{{key,' as for an entry, got {line!r}")
            kind, key, fields = head[1], head[2], {}
            if kind not in _VENUE:
                raise broken(number, f"expected one of {', '.join(_VENUE)}, got {kind!r}")
            if key in papers:
                raise broken(number, "the key is already taken")
        elif line == "}":
            try:
                papers[key] = _paper(kind, key, fields)
            except ValueError as error:
                raise broken(number, str(error)) from None
            key = ""
        else:
            field = _FIELD.fullmatch(line)
            if field is None:
                raise broken(number, f"expected '  name = {{value}},' or '}}', got {line!r}")
            name, value = field.groups()
            if name not in _FIELDS:
                raise broken(number, f"unknown field {name!r}")
            if name in fields:
                raise broken(number, f"field {name!r} stands twice")
            if not value.strip() or "\\" in value or not _balanced(value):
                raise broken(number, f"{name}: expected text with matched braces and no backslash")
            fields[name] = value
    if key:
        raise broken(len(text.splitlines()), "the file ends inside the entry")
    return papers


def _balanced(value: str) -> bool:
    depth = 0
    for char in value:
        depth += (char == "{") - (char == "}")
        if depth < 0:
            return False
    return depth == 0


def _paper(kind: str, key: str, fields: dict[str, str]) -> Paper:
    missing = [name for name in ("author", "title", "year") if name not in fields]
    if missing:
        raise ValueError(f"missing {', '.join(missing)}")
    if not re.fullmatch(r"\d{4}", fields["year"]):
        raise ValueError(f"year: expected four digits, got {fields['year']!r}")
    if ("eprint" in fields) != ("archivePrefix" in fields):
        raise ValueError("eprint and archivePrefix: expected both or neither")
    arxiv = fields.get("eprint")
    if arxiv and not (
        re.fullmatch(r"\d{4}\.\d{4,5}", arxiv) and fields["archivePrefix"] == "arXiv"
    ):
        raise ValueError(f"eprint: expected an arXiv id like 1512.03385, got {arxiv!r}")
    venue = fields.get(_VENUE[kind], "arXiv" if kind == "misc" and arxiv else "")
    if not venue:
        raise ValueError(f"missing {_VENUE[kind]}")
    if kind == "phdthesis":
        venue = f"PhD thesis, {venue}"
    if "volume" in fields:
        issue = f"({fields['number']})" if "number" in fields else ""
        venue = f"{venue} {fields['volume']}{issue}"
    title = fields["title"].replace("{", "").replace("}", "")
    return Paper(key, _authors(fields["author"]), title, int(fields["year"]), venue, arxiv)


def _authors(value: str) -> str:
    *names, last = value.split(" and ")
    if not (names and last == "others"):
        names.append(last)
    turned = []
    for name in names:
        parts = name.split(", ")
        if len(parts) != 2 or not all(part.strip() for part in parts):
            raise ValueError(f"author: expected 'Last, F.' joined by ' and ', got {name!r}")
        turned.append(f"{parts[1]} {parts[0]}")
    return ", ".join(turned) + (" et al." if last == "others" else "")
