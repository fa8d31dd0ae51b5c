"""Tables in HTML and names for a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

# between a number and its unit, between thousands
_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|‰|°|×|[kMGT]?B|[mµn]?s|min|h|d|bits?|pixels?|px|points?|epochs?"
    r"|million|billion|[MG]?MACs?)(?![\w]))"
)
_SHORT = 20  # characters of a number with its unit, or of two with a dash
_LIST = re.compile(r"[\d.,/]+(?: [\d.,/]+){2,}")  # three numbers or more may stand in two lines


def joined(text: str, number: bool = False) -> str:
    """Return text whose numbers keep their units on the line; a short number breaks nowhere.

    >>> joined("0.76 % of 1,000 digits").replace(chr(0xA0), "_")
    '0.76_% of 1,000 digits'
    >>> joined("9 of 1,000", number=True).replace(chr(0xA0), "_")
    '9_of_1,000'
    >>> joined("512 512 512", number=True).replace(chr(0xA0), "_")
    '512 512 512'
    """
    if number and len(text) <= _SHORT and not _LIST.fullmatch(text):
        return text.replace(" ", "\u00a0").replace("–", "–\u2060")
    return _UNIT.sub("\u00a0", text)


def html_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool] | None = None,
    caption: str = "",
    foot: Sequence[Sequence[str]] = (),
    *,
    kind: str = "",
) -> str:
    """Return an HTML table in the colors of the page; the first cell of a row is its heading.

    Everything is escaped, and a number's unit stays on its line. The table scrolls inside its box
    where the page is narrow; the box takes the keyboard's focus, so that it scrolls without a
    mouse too.

    Args:
        headings: one a column.
        rows: as many cells each.
        right: which columns are set to the right, as numbers are; default: none.
        caption: said above the table; default: none.
        foot: rows under a line, such as totals.
        kind: class of the box, for the style sheet of a page.

    Raises:
        ValueError: a row or `right` has another length than it must.
    """
    sides = [False] * len(headings) if right is None else right
    styles = [f' style="text-align: {"right" if side else "left"}"' for side in sides]

    def line(cells: Sequence[str]) -> str:
        texts = [escape(joined(cell, number=side)) for cell, side in zip(cells, sides, strict=True)]
        inside = "".join(
            f"<td{style}>{text}</td>" if place else f'<th scope="row"{style}>{text}</th>'
            for place, (style, text) in enumerate(zip(styles, texts, strict=True))
        )
        return f"<tr>{inside}</tr>"

    top = "".join(
        f'<th scope="col"{style}>{escape(heading)}</th>'
        for style, heading in zip(styles, headings, strict=True)
    )
    body = "\n".join(map(line, rows))
    end = f"<tfoot>\n{chr(10).join(map(line, foot))}\n</tfoot>\n" if foot else ""
    label = escape(caption or ", ".join(headings))
    said = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    box = f' class="{escape(kind)}"' if kind else ""
    return (
        f'<div{box} style="overflow-x: auto; font-variant-numeric: tabular-nums" '
        f'role="region" aria-label="{label}" tabindex="0">'
        f'<table class="dataframe">\n{said}<thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n{end}</table></div>"
    )


def printable(text: str) -> str:
    r"""Return text that cannot steer a terminal: what is not printable is written as an escape.

    >>> printable("conv1" + chr(27) + "[2J")
    'conv1\\x1b[2J'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
