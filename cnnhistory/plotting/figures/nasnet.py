"""Cells of an architecture search as graphs, and the decisions of a controller."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import BLACK, COLORS, axes_or_new

if TYPE_CHECKING:
    from cnnhistory.nn.cell import Genotype

BLOCK, LEVEL = 2.2, 2.5  # from one block to the next, from one level of blocks to the next
WIDTH, HEIGHT = 0.92, 0.72  # of an operation's box
_OPERATIONS = {"none": ("copy", None), "avg3": ("avg\n3×3", 2), "max3": ("max\n3×3", 3)}
_INPUTS = ("h[i−1]", "h[i]")


def cell_graph(plan: Genotype, *, ax: Axes | None = None) -> Axes:
    """Draw a cell: its two inputs below, a box for each operation, its output above.

    Each block is two boxes and the circle that adds them. A block stands one level above the
    highest block that it reads; what it reads is a line from there, in the color of the input, or
    black from another block. The bar on top puts the states of the output side by side.

    Args:
        plan: which operations read which states.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: there is no block.

    Source: zoph2018learning, Figure 4.
    """
    if not plan.pairs:
        raise expected("plan", "at least one block", plan)
    levels = _levels(plan)
    columns = _columns(plan)
    widest = BLOCK * len(columns)
    ax = axes_or_new(ax, (7.0, 1.6 + 1.15 * (max(levels) + 1)))
    gap = max(0.2 * widest, 0.9)
    spots = {0: (widest / 2 - gap, 0.0), 1: (widest / 2 + gap, 0.0)}
    for state, text in enumerate(_INPUTS):
        box(ax, spots[state], (1.3, 0.55), text, face=(COLORS[state], 0.35), rounding=0.2)
    top = LEVEL * (max(levels) + 1) + 1.1
    for n, pair in enumerate(plan.pairs):
        at = (BLOCK * (columns.index(n) + 0.5), LEVEL * levels[n] + 1.75)
        spots[n + 2] = _block(ax, pair, at, spots)
    for state in plan.output:
        x, y = spots[state]
        if state > 1:
            arrow(ax, (x, y + 0.2), (x, top - 0.25), pen=Pen(width=1.2), head=7)
            continue
        side = -1 if state == 0 else 1  # around the blocks, along the edge
        edge, pen = widest / 2 + side * (widest / 2 + 0.3), Pen(color=COLORS[state], width=1.2)
        line(ax, [(x + side * 0.65, y), (edge, 0.7), (edge, top - 0.5)], pen=pen, zorder=0)
        arrow(ax, (edge, top - 0.6), (edge, top - 0.25), pen=pen, head=7)
    bar = (widest + 1.1, 0.5)
    box(ax, (widest / 2, top), bar, "side by side: h[i+1]", face="0.9", rounding=0.2)
    return frame(ax, (-0.7, widest + 0.7), (-0.4, top + 0.35))


def _levels(plan: Genotype) -> list[int]:
    """Return for each block how many blocks stand below it."""
    levels: list[int] = []
    for pair in plan.pairs:
        levels.append(max((levels[s - 2] + 1 for _, s in pair if s > 1), default=0))
    return levels


def _columns(plan: Genotype) -> list[int]:
    """Return the blocks from left to right: each behind the last of those that it reads."""
    columns: list[int] = []
    for n, pair in enumerate(plan.pairs):
        read = [columns.index(state - 2) for _, state in pair if state > 1]
        columns.insert(max(read) + 1 if read else len(columns), n)
    return columns


def _block(
    ax: Axes,
    pair: Sequence[tuple[str, int]],
    at: tuple[float, float],
    spots: dict[int, tuple[float, float]],
) -> tuple[float, float]:
    """Draw two operations and their sum; return where the sum stands."""
    x, y = at
    total = (x, y + 1.0)
    # the box whose source lies further left stands left, so that fewer lines cross
    ordered = sorted(pair, key=lambda part: spots[part[1]][0])
    for side, (name, state) in zip((-1, 1), ordered, strict=True):
        spot = (x + side * WIDTH * 0.56, y)
        text, color = _OPERATIONS.get(name, (f"sep\n{name[3:]}×{name[3:]}", 4))
        face = "white" if color is None else (COLORS[color], 0.45)
        from_x, from_y = spots[state]
        pen = Pen(color=COLORS[state] if state < 2 else BLACK, width=1.1)
        start = (from_x, from_y + (0.28 if state < 2 else 0.2))
        line(ax, [start, (spot[0], y - HEIGHT / 2)], pen=pen, zorder=0.5)
        size = (WIDTH, HEIGHT)
        box(ax, spot, size, rounding=0.08)  # no line shows through
        box(ax, spot, size, text, face=face, fontsize=8, rounding=0.08, zorder=2.2)
        line(ax, [(spot[0], y + HEIGHT / 2), total], pen=Pen(width=0.9))
    box(ax, total, (0.4, 0.4), "+", face="white", rounding=0.2, zorder=3)
    return total


def decision_rows(
    rows: Sequence[Sequence[float]], names: Sequence[str], *, ax: Axes | None = None
) -> Axes:
    """Draw the probabilities of a decision over the course of a search, stacked to one.

    Args:
        rows: of each value, its probability after each batch.
        names: of the values.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: not as many names as rows, or none.
    """
    if not rows or len(rows) != len(names):
        raise expected("rows, names", "as many names as rows", (len(rows), len(names)))
    ax = axes_or_new(ax, (3.4, 2.4))
    colors = [COLORS[k % len(COLORS)] for k in range(len(rows))]
    ax.stackplot(range(len(rows[0])), *rows, colors=colors, alpha=0.55, linewidth=0)
    below = [0.0, 0.0]  # at the first and the last batch
    for name, row in zip(names, rows, strict=True):
        at = 0 if row[0] > row[-1] else -1  # where there is more room
        x, side = (0.2, "left") if at == 0 else (len(row) - 1.2, "right")
        ax.text(x, below[at] + row[at] / 2, name, ha=side, va="center", fontsize=9)
        below = [below[0] + row[0], below[1] + row[-1]]
    ax.set(xlim=(0, len(rows[0]) - 1), ylim=(0, 1))
    return ax
