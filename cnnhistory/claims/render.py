"""A table of checked statements, for the terminal and for the notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from cnnhistory._util.html import html_table
from cnnhistory.system import Finding, Statement

_HEADINGS = ("id", "the survey says", "verdict", "what is true", "checked")
# Widths of the wrapped columns; fixed, so that stored outputs are the same on every machine.
_TEXT, _TRUTH, _CHECKED = 20, 26, 26


def shown_verdict(statement: Statement, finding: Finding | None) -> str:
    """Return what the computation says where there is one, else what the literature says."""
    return finding.verdict if finding else statement.verdict


class StatementTable:
    """Statements with verdict, truth and how they were checked.

    Prints as plain text, about 100 columns wide, and shows as an HTML table in a notebook.
    """

    def __init__(self, rows: Sequence[tuple[Statement, Finding | None]], caption: str = "") -> None:
        self.rows = tuple(rows)
        self.caption = caption

    def _cells(self) -> list[tuple[str, str, str, str, str]]:
        cells = []
        for statement, finding in self.rows:
            how = f"computed: {finding.computed}" if finding else f"cited: {statement.source}"
            verdict = shown_verdict(statement, finding)
            cells.append((statement.id, statement.text, verdict, statement.truth, how))
        return cells

    def __str__(self) -> str:
        cells = [_HEADINGS, *self._cells()]
        widths = (
            max(len(row[0]) for row in cells),
            _TEXT,
            max(len(row[2]) for row in cells),
            _TRUTH,
            _CHECKED,
        )
        lines = [self.caption] if self.caption else []
        for number, row in enumerate(cells):
            columns = [
                textwrap.wrap(cell, width, break_on_hyphens=False)
                for cell, width in zip(row, widths, strict=True)
            ]
            for at in range(max(map(len, columns))):
                parts = (column[at] if at < len(column) else "" for column in columns)
                line = "  ".join(f"{p:{w}}" for p, w in zip(parts, widths, strict=True))
                lines.append(line.rstrip())
            if number == 0:
                lines.append("  ".join("-" * width for width in widths))
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(_HEADINGS, self._cells(), caption=self.caption, kind="claims")
