"""Small tables of results that print well in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnnhistory._util.html import html_table
from cnnhistory._util.lookup import expected
from cnnhistory._util.numbers import count_text, size_text
from cnnhistory._util.text import aligned

__all__ = ["Table", "count_text", "size_text"]


class Table:
    """Rows of text under headings.

    >>> print(Table(("network", "errors"), [("lenet5", 12), ("linear", 1034)]))
    network  errors
    -------  ------
    lenet5       12
    linear     1034

    Numbers are written as they are; format them before (`count_text` and `size_text` give them
    units). A column whose cells all start with a digit or a sign is set to the right.

    Raises:
        ValueError: no heading, or a row has another number of cells than there are headings.
    """

    def __init__(self, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        self.headings = [str(heading) for heading in headings]
        self.rows = [[str(cell) for cell in row] for row in rows]
        if not self.headings:
            raise expected("headings", "at least one", "none")
        for row in self.rows:
            if len(row) != len(self.headings):
                raise expected("rows", f"{len(self.headings)} cells", row)
        columns = list(zip(*self.rows, strict=True)) or [("",)] * len(self.headings)
        # an empty cell speaks for neither side
        self._right = [all(cell[:1] in "0123456789+-−<≤≥" for cell in column) for column in columns]

    def __str__(self) -> str:
        lines, widths = aligned([self.headings, *self.rows], self._right)
        return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook, in the theme's colors."""
        return html_table(self.headings, self.rows, self._right)
