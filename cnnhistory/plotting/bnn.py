"""Pictures of binarized networks: a block, rows of bits, tiles of small kernels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from cnnhistory.plotting.style import COLORS

# What flows along an arrow of `block`, and its color.
KINDS = {"bits": COLORS[0], "whole numbers": COLORS[2], "real numbers": COLORS[1]}

_STEPS = ("convolve", "pool", "normalize", "sign")
_FLOWS = ("bits", "whole numbers", "whole numbers", "real numbers", "bits")
_SPACE, _HALF = 2.1, 0.62  # between the middles of boxes; half the width of a box


def block(ax: Axes) -> Axes:
    """Draw one block of a binarized network, forward and backward.

    Arrows have the color of what flows along them: bits, whole numbers or real numbers. Dashed
    ones are gradients; they, and the real weights, are there in training only.

    Source: courbariaux2016binarized, Algorithm 1.
    """
    middles = [_SPACE * (place + 1) for place in range(len(_STEPS))]
    for x, text in zip(middles, _STEPS, strict=True):
        _box(ax, x, 0.0, text)
    ends = [0.55, *middles, middles[-1] + _SPACE - 0.55]
    for place, kind in enumerate(_FLOWS):
        begin = ends[place] + (_HALF if place else 0.0)
        end = ends[place + 1] - (_HALF if place < len(_STEPS) else 0.0)
        _arrow(ax, (begin, 0.12), (end, 0.12), KINDS[kind])
        _arrow(ax, (end, -0.12), (begin, -0.12), KINDS["real numbers"], dashed=True)
    x = middles[0]
    _box(ax, x, 1.25, "sign")
    _box(ax, x, 2.5, "real weights", dashed=True)
    for y in (0.35, 1.6):
        kind = "bits" if y < 1 else "real numbers"
        _arrow(ax, (x - 0.12, y + 0.55), (x - 0.12, y), KINDS[kind])
        _arrow(ax, (x + 0.12, y), (x + 0.12, y + 0.55), KINDS["real numbers"], dashed=True)
    notes = (
        (middles[-1], -0.72, "gradient passes\nwhere |x| ≤ 1"),
        (x + 1.35, 2.5, "clipped to\n[−bound, bound]"),
    )
    for where, y, text in notes:
        ax.text(where, y, text, ha="center", va="center", fontsize=9)
    for row, (kind, color) in enumerate(KINDS.items()):
        y = 2.75 - 0.42 * row
        _arrow(ax, (6.6, y), (7.4, y), color)
        ax.text(7.55, y, kind, va="center", fontsize=9)
    _arrow(ax, (7.4, 1.49), (6.6, 1.49), KINDS["real numbers"], dashed=True)
    ax.text(7.55, 1.49, "gradients, in training", va="center", fontsize=9)
    ax.set(xlim=(0.3, ends[-1] + 0.3), ylim=(-1.15, 3.0))
    ax.set_axis_off()
    return ax


def _box(ax: Axes, x: float, y: float, text: str, dashed: bool = False) -> None:
    style = "--" if dashed else "-"
    corner = (x - _HALF, y - 0.33)
    ax.add_patch(Rectangle(corner, 2 * _HALF, 0.66, fc="white", ec=COLORS[6], lw=1, ls=style))
    ax.text(x, y, text.replace(" ", "\n"), ha="center", va="center", fontsize=9)


def _arrow(
    ax: Axes,
    begin: tuple[float, float],
    end: tuple[float, float],
    color: str,
    dashed: bool = False,
) -> None:
    style = {"arrowstyle": "-|>", "mutation_scale": 10, "lw": 1.6, "color": color}
    line = (0, (2, 1.5)) if dashed else "-"
    ax.add_patch(FancyArrowPatch(begin, end, shrinkA=0, shrinkB=0, ls=line, **style))  # type: ignore[arg-type]


def bit_rows(ax: Axes, rows: Mapping[str, Sequence[int]], ends: Sequence[str] = ()) -> Axes:
    """Draw words of bits below each other: a filled square is 1, an empty one 0.

    Args:
        ax: where.
        rows: name and bits of each word, the first bit on the left.
        ends: what stands to the right of each row.

    Raises:
        ValueError: no row, rows of different lengths, a value that is no bit, or `ends` of
            another number than rows.
    """
    lengths = {len(bits) for bits in rows.values()}
    if len(lengths) != 1 or not set().union(*map(set, rows.values())) <= {0, 1}:
        raise ValueError("rows: expected words of equal length, of zeros and ones")
    if ends and len(ends) != len(rows):
        raise ValueError(f"ends: expected {len(rows)}, got {len(ends)}")
    for row, ((name, bits), color) in enumerate(zip(rows.items(), COLORS, strict=False)):
        ax.text(-0.3, -row, name, ha="right", va="center")
        for place, bit in enumerate(bits):
            face = color if bit else "white"
            ax.add_patch(Rectangle((place, -row - 0.4), 0.8, 0.8, fc=face, ec=color))
            ink = "white" if bit else color
            ax.text(place + 0.4, -row - 0.02, str(bit), ha="center", va="center", color=ink)
        if ends:
            ax.text(len(bits) + 0.3, -row, ends[row], ha="left", va="center")
    ax.set(xlim=(-3.5, lengths.pop() + 5.5), ylim=(0.5 - len(rows), 0.5), aspect="equal")
    ax.set_axis_off()
    return ax


def tiles(
    ax: Axes,
    images: npt.NDArray[np.floating],
    columns: int,
    titles: Sequence[str] | None = None,
) -> Axes:
    """Draw many tiny images side by side on one axes.

    Shape: images (N, H, W) in grays, or (N, H, W, 3) in colors.

    Units: 0 is black, or none of a color, and 1 is white, or all of it.

    Raises:
        ValueError: another number of dimensions, no image, or not one title for each.
    """
    if images.ndim not in (3, 4) or len(images) == 0:
        raise ValueError(f"images: expected (N, H, W) or (N, H, W, 3), got {images.shape}")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles: expected {len(images)}, got {len(titles)}")
    height, width = images.shape[1:3]
    gap = 0.35 * width if titles is None else 0.75 * width
    rows = math.ceil(len(images) / columns)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        left, top = column * 1.35 * width, row * (height + gap)
        ax.imshow(
            image,
            cmap="gray",
            vmin=0,
            vmax=1,
            extent=(left, left + width, top + height, top),
            interpolation="nearest",
        )
        ax.add_patch(Rectangle((left, top), width, height, fill=False, ec=COLORS[6], lw=0.7))
        if titles is not None:
            x, y = left + width / 2, top - 0.1 * height
            ax.text(x, y, titles[index], ha="center", va="bottom", fontsize=8)
    shown = min(columns, len(images))
    right = (shown - 1) * 1.35 * width + width
    bottom = (rows - 1) * (height + gap) + height
    ax.set(xlim=(-0.2 * width, right + 0.2 * width), ylim=(bottom + 0.2 * height, -gap))
    ax.set_axis_off()
    return ax
