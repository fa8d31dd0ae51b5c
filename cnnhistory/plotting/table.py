"""Small tables of results that print well in a terminal and in a notebook."""

from collections.abc import Iterable, Sequence
from html import escape


class Table:
    """Rows of text under headings.

    >>> print(Table(("network", "errors"), [("lenet5", 12), ("linear", 1034)]))
    network  errors
    -------  ------
    lenet5       12
    linear     1034

    Numbers are written as they are; format them before. A column whose cells all start with a
    digit or a sign is set to the right.

    Raises:
        ValueError: a row has another number of cells than there are headings.
    """

    def __init__(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        self.headings = [str(heading) for heading in headings]
        self.rows = [[str(cell) for cell in row] for row in rows]
        for row in self.rows:
            if len(row) != len(self.headings):
                raise ValueError(f"rows: expected {len(self.headings)} cells, got {row}")
        columns = list(zip(*self.rows, strict=True))
        self._right = [all(cell[:1] in "0123456789+-−<≤≥" for cell in column) for column in columns]

    def __str__(self) -> str:
        columns = zip(self.headings, *self.rows, strict=True)
        widths = [max(map(len, column)) for column in columns]
        rule = ["-" * width for width in widths]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(cells, widths, self._right, strict=True)
            ).rstrip()
            for cells in (self.headings, rule, *self.rows)
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook, in the theme's colors."""
        side = [f' style="text-align: {"right" if right else "left"}"' for right in self._right]

        def line(cells: Sequence[str]) -> str:
            head = f'<th scope="row"{side[0]}>{escape(cells[0])}</th>'
            rest = zip(side[1:], cells[1:], strict=True)
            return f"<tr>{head}{''.join(f'<td{s}>{escape(c)}</td>' for s, c in rest)}</tr>"

        heads = zip(side, self.headings, strict=True)
        top = "".join(f'<th scope="col"{s}>{escape(h)}</th>' for s, h in heads)
        body = "\n".join(map(line, self.rows))
        return (
            f'<div style="overflow-x: auto"><table class="dataframe">\n'
            f"<thead><tr>{top}</tr></thead>\n"
            f"<tbody>\n{body}\n</tbody>\n</table></div>"
        )
