"""XNOR-Net: binary arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, box, frame
from cnnhistory.plotting.style import COLORS, axes_or_new
from cnnhistory.plotting.svg import WIDEST


def words(x: Sequence[int], w: Sequence[int], *, ax: Axes | None = None) -> Axes:
    """Draw two lists of signs as bits, where they differ, and how the sum follows.

    Shape: as many signs, +1 or -1, in `x` as in `w`; 64 fill a word.

    Raises:
        ValueError: the lists are empty or not equally long, or hold something else.
    """
    if not len(x) or len(x) != len(w):
        raise expected("w", f"as many signs as the {len(x)} in x, at least one", len(w))
    if other := {*x, *w} - {-1, 1}:
        raise expected("x, w", "signs, +1 or -1", sorted(other))
    n = len(x)
    differ = [a != b for a, b in zip(x, w, strict=True)]
    rows = (("input", [a > 0 for a in x], COLORS[0]), ("kernel", [b > 0 for b in w], COLORS[0]),
            ("xor", differ, COLORS[1]))  # fmt: skip
    ax = axes_or_new(ax, (WIDEST, 2))
    for row, (name, bits, color) in enumerate(rows):
        y = 0.65 - 1.9 * row
        for place, bit in enumerate(bits):
            pen = Pen(color=color, width=0.5)
            box(ax, (place + 0.45, y), (0.9, 1.3), face=color if bit else "white", pen=pen)
        ax.text(-1, y, name, ha="right", va="center")
    total = n - 2 * sum(differ)
    text = f"popcount {sum(differ)},  sum of the {n} products: {n} − 2·{sum(differ)} = {total}"
    ax.text(n / 2, -4.6, text, ha="center", va="top")
    return frame(ax, (-9, n + 0.5), (-6.2, 1.8), equal=False)


def tile(pixels: int = 7, channels: int = 16, *, ax: Axes | None = None) -> Axes:
    """Draw a tile of a binary convolution: counts for some pixels by some output channels.

    A word of the input meets the words of all channels, so a load serves many counts.

    Raises:
        ValueError: fewer than one pixel or channel.
    """
    if pixels < 1 or channels < 1:
        raise expected("pixels, channels", "at least 1 of each", (pixels, channels))
    ax = axes_or_new(ax, (WIDEST, 0.3 * pixels + 0.7))
    middle = 0.4 - (pixels - 1) / 2
    for p in range(pixels):
        box(ax, (-1.6, 0.4 - p), (1.2, 0.8), face=COLORS[0], pen=Pen(width=0))
        for c in range(channels):
            box(ax, (c + 0.43, 0.4 - p), (0.86, 0.8), pen=Pen(width=0.6))
    for c in range(channels):
        box(ax, (c + 0.43, 1.65), (0.86, 0.8), face=COLORS[2], pen=Pen(width=0))
    ax.text(-2.6, middle, f"a word of each\nof {pixels} pixels", ha="right", va="center",
            color=COLORS[0])  # fmt: skip
    ax.text(channels / 2, 2.3, f"a word of each of {channels} kernels", ha="center", va="bottom",
            color=COLORS[2])  # fmt: skip
    ax.text(channels + 0.5, middle, f"{pixels * channels} counts\nin registers", ha="left",
            va="center")  # fmt: skip
    return frame(ax, (-8.2, channels + 6), (-pixels, 3.6), equal=False)
