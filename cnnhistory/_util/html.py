"""Tables in HTML and names for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def html_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool] | None = None,
    caption: str = "",
    foot: Sequence[Sequence[str]] = (),
) -> str:
    """Return an HTML table in the colors of the page; the first cell of a row is its heading.

    Everything is escaped. The table scrolls inside its box where the page is narrow; the box takes
    the keyboard's focus, so that it scrolls without a mouse too.

    Args:
        headings: one a column.
        rows: as many cells each.
        right: which columns are set to the right; default: none.
        caption: said above the table; default: none.
        foot: rows under a line, such as totals.
    """
    sides = right or [False] * len(headings)
    styles = [f' style="text-align: {"right" if side else "left"}"' for side in sides]

    def line(cells: Sequence[str]) -> str:
        first = f'<th scope="row"{styles[0]}>{escape(cells[0])}</th>'
        rest = "".join(
            f"<td{style}>{escape(cell)}</td>"
            for style, cell in zip(styles[1:], cells[1:], strict=True)
        )
        return f"<tr>{first}{rest}</tr>"

    top = "".join(
        f'<th scope="col"{style}>{escape(heading)}</th>'
        for style, heading in zip(styles, headings, strict=True)
    )
    body = "\n".join(map(line, rows))
    end = f"<tfoot>\n{chr(10).join(map(line, foot))}\n</tfoot>\n" if foot else ""
    label = escape(caption or ", ".join(headings), quote=True)
    said = f"<caption>{escape(caption)}</caption>\n" if caption else ""
    return (
        f'<div style="overflow-x: auto" role="region" aria-label="{label}" tabindex="0">'
        f'<table class="dataframe">\n{said}<thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n{end}</table></div>"
    )


def printable(text: str) -> str:
    r"""Return text that cannot steer a terminal: what is not printable is written as an escape.

    >>> printable("conv1" + chr(27) + "[2J")
    'conv1\\x1b[2J'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
