"""Binarized networks: one block and its signals, and rows of bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame
from cnnhistory.plotting.style import COLORS, axes_or_new, looks
from cnnhistory.plotting.svg import WIDEST

# What flows along an arrow of `block`, and its color.
KINDS = {"bits": COLORS[0], "whole numbers": COLORS[2], "real numbers": COLORS[1]}

_STEPS = ("convolve", "pool", "normalize", "sign")
_FLOWS = ("bits", "whole numbers", "whole numbers", "real numbers", "bits")
_SPACE, _BOX = 2.1, (1.24, 0.66)  # between the middles of boxes; size of a box
_PENS = {kind: Pen(color=color, width=1.6) for kind, color in KINDS.items()}
_GRADIENT = Pen(color=KINDS["real numbers"], width=1.6, dashed=True)


def block(*, ax: Axes | None = None) -> Axes:
    """Draw one block of a binarized network, forward and backward.

    Arrows have the color of what flows along them: bits, whole numbers or real numbers. Dashed
    ones are gradients; they, and the real weights, are there in training only.

    Source: courbariaux2016binarized, Algorithm 1.
    """
    ax = axes_or_new(ax, (WIDEST, 3.2))
    middles = [_SPACE * (place + 1) for place in range(len(_STEPS))]
    for x, text in zip(middles, _STEPS, strict=True):
        box(ax, (x, 0.0), _BOX, text, pen=Pen(width=1))
    last, half = len(_STEPS), _BOX[0] / 2
    ends = [0.55, *middles, middles[-1] + _SPACE - 0.55]
    for place, kind in enumerate(_FLOWS):
        begin = ends[place] + (half if place else 0.0)
        end = ends[place + 1] - (half if place < last else 0.0)
        arrow(ax, (begin, 0.12), (end, 0.12), pen=_PENS[kind], head=10)
        arrow(ax, (end, -0.12), (begin, -0.12), pen=_GRADIENT, head=10)
    x = middles[0]
    box(ax, (x, 1.25), _BOX, "sign", pen=Pen(width=1))
    box(ax, (x, 2.5), _BOX, "real\nweights", pen=Pen(width=1, dashed=True))
    for y, kind in ((0.35, "bits"), (1.6, "real numbers")):
        arrow(ax, (x - 0.12, y + 0.55), (x - 0.12, y), pen=_PENS[kind], head=10)
        arrow(ax, (x + 0.12, y), (x + 0.12, y + 0.55), pen=_GRADIENT, head=10)
    notes = (
        (middles[-1], -0.72, "gradient passes\nwhere |x| ≤ 1"),
        (x + 1.5, 2.5, "clipped to\n[−bound, bound]"),
    )
    for where, y, text in notes:
        ax.text(where, y, text, ha="center", va="center", fontsize=9)
    for row, kind in enumerate((*KINDS, "gradients, in training")):
        y = 2.75 - 0.42 * row
        spots = ((6.6, y), (7.4, y)) if kind in KINDS else ((7.4, y), (6.6, y))
        arrow(ax, *spots, pen=_PENS.get(kind, _GRADIENT), head=10)
        ax.text(7.55, y, kind, va="center", fontsize=9)
    return frame(ax, (0.3, ends[-1] + 0.3), (-1.15, 3.0), equal=False)


def bit_rows(
    rows: Mapping[str, Sequence[int]], ends: Sequence[str] = (), *, ax: Axes | None = None
) -> Axes:
    """Draw words of bits below each other: a filled square is 1, an empty one 0.

    Args:
        rows: name and bits of each word, the first bit on the left.
        ends: what stands to the right of each row.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no row or more than colors, rows of different lengths, a value that is no
            bit, or `ends` of another number than rows.
    """
    lengths = {len(bits) for bits in rows.values()}
    if len(lengths) != 1 or not set().union(*map(set, rows.values())) <= {0, 1}:
        raise expected("rows", "words of equal length, of zeros and ones", dict(rows))
    if ends and len(ends) != len(rows):
        raise expected("ends", f"{len(rows)}", len(ends))
    styles = looks(rows, "rows")
    ax = axes_or_new(ax, (7, 0.55 * len(rows) + 0.3))
    for row, (name, bits) in enumerate(rows.items()):
        color = styles[name]["color"]
        ax.text(-0.3, -row, name, ha="right", va="center")
        for place, bit in enumerate(bits):
            face, ink = (color, "white") if bit else ("white", color)
            box(ax, (place + 0.4, -row), (0.8, 0.8), str(bit), face=face, ink=ink,
                pen=Pen(color=color, width=1), fontsize=11)  # fmt: skip
        if ends:
            ax.text(len(bits) + 0.3, -row, ends[row], ha="left", va="center")
    return frame(ax, (-3.5, lengths.pop() + 5.5), (0.5 - len(rows), 0.5))
