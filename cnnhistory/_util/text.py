"""Columns of text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> tuple[list[str], list[int]]:
    """Return each row as one line whose columns stand below each other, and the columns' widths.

    Columns are two spaces apart; nothing is left at the end of a line.

    Args:
        rows: as many cells each as `right` has values; at least one row.
        right: which columns are set to the right.

    >>> aligned([("layer", "weights"), ("fc", "84")], (False, True))
    (['layer  weights', 'fc          84'], [5, 7])
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.rjust(width) if side else cell.ljust(width)
            for cell, width, side in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
    return lines, widths


def measured(sentence: str, evidence: str, columns: int = 88, indent: str = "") -> str:
    """Return a sentence and, in brackets behind or below it, the numbers that show it.

    >>> measured("two is even", "2 = 2 * 1")
    'two is even [measured: 2 = 2 * 1]'
    """
    brackets = f"[measured: {evidence}]"
    line = f"{sentence} {brackets}"
    if len(line) <= columns:
        return line
    below = textwrap.fill(
        brackets,
        columns,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    return f"{sentence}\n{below}"
