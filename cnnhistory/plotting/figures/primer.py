"""The primer: an answer, a worked example, a valley, intervals that hold the truth or miss it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, Spot, arrow, box, frame
from cnnhistory.plotting.style import COLORS, WIDEST, axes_or_new, looks

VALUE, DERIVATIVE = COLORS[0], COLORS[1]
STEP = 3.0  # from one quantity of a chain to the next

# What stands at a place of a chain: its name, its value, the derivative of the loss by it.
Quantity = tuple[str, str, str]


def answer(image: Tensor, scores: Tensor, *, ax: Axes | None = None) -> Axes:
    """Draw an image, the score that each class gets, and the probabilities that softmax makes.

    Shape: image (H, W), scores (classes,).

    Raises:
        ValueError: an image or scores of another shape.
    """
    if image.dim() != 2:
        raise expected("image", "shape (H, W)", tuple(image.shape))
    if scores.dim() != 1 or len(scores) < 2:
        raise expected("scores", "shape (classes,)", tuple(scores.shape))
    ax = axes_or_new(ax, (WIDEST, 3.3))
    top, count = len(scores) + 0.9, len(scores)
    side = 0.8 * count
    low = (count - side) / 2
    # an image turns the axis of its axes around; `frame` sets it right
    ax.imshow(image.numpy(), extent=(0, side, low, low + side), cmap="gray_r")
    ax.text(side / 2, low - 0.3, f"{image.numel()} pixels", ha="center", va="top", fontsize=10)
    first, second = side + 4.6, side + 9.6
    arrow(ax, (side + 0.4, count / 2), (first - 1.9, count / 2))
    ax.text(side + 1.4, count / 2 + 0.3, "network", ha="center", va="bottom", fontsize=10)
    arrow(ax, (first + 1.3, count / 2), (second - 1.0, count / 2))
    ax.text((first + second) / 2 + 0.15, count / 2 + 0.3, "softmax", ha="center", va="bottom",
            fontsize=10)  # fmt: skip
    ax.text(first, top, "score", ha="center", va="bottom", fontsize=10)
    ax.text(second, top, "probability", ha="left", va="bottom", fontsize=10)
    chances = scores.detach().softmax(0)
    for row, (score, chance) in enumerate(zip(scores.tolist(), chances.tolist(), strict=True)):
        y = count - row - 0.5
        strong = row == int(scores.argmax())
        ax.text(first - 1.1, y, str(row), ha="right", va="center", color="0.4", fontsize=10)
        ax.text(first + 0.7, y, f"{score:.1f}".replace("-", "−"), ha="right", va="center",
                fontsize=10)  # fmt: skip
        color = DERIVATIVE if strong else VALUE
        box(ax, (second + 4 * chance + 0.02, y), (8 * chance + 0.04, 0.7), face=color,
            pen=Pen(color=color, width=0))  # fmt: skip
        ax.text(second + 8 * chance + 0.3, y, f"{chance:.3f}", ha="left", va="center", fontsize=10)
    return frame(ax, (-0.2, second + 10.4), (low - 1.6, top + 0.9))


def chain(
    row: Sequence[Quantity], weights: Mapping[int, Quantity], *, ax: Axes | None = None
) -> Axes:
    """Draw a computation from left to right: values in the boxes, derivatives of the loss beside.

    Args:
        row: what is computed from what, from the input to the loss.
        weights: beside the row, by the place of what they help to compute.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: fewer than two quantities, or a weight at no place of the row but the first.
    """
    if len(row) < 2:
        raise expected("row", "at least two quantities", len(row))
    if bad := [place for place in weights if not 0 < place < len(row)]:
        raise expected("weights", f"places from 1 to {len(row) - 1}", bad[0])
    ax = axes_or_new(ax, (WIDEST, 2.9 if weights else 1.4))
    for place, quantity in enumerate(row):
        _quantity(ax, (place * STEP, 0), quantity, below=True)
        if place:
            arrow(ax, ((place - 1) * STEP + 1.05, 0), (place * STEP - 1.05, 0))
    for place, quantity in weights.items():
        x = (place - 0.5) * STEP
        _quantity(ax, (x, 2.6), quantity, below=False)
        arrow(ax, (x, 1.95), (place * STEP - 0.5, 0.65))
    end = (len(row) - 1) * STEP
    return frame(ax, (-1.3, end + 1.3), (-1.4, 4.0 if weights else 0.9))


def _quantity(ax: Axes, at: Spot, quantity: Quantity, below: bool) -> None:
    name, value, derivative = quantity
    x, y = at
    box(ax, at, (2.1, 1.3), rounding=0.15)
    ax.text(x, y + 0.28, name, ha="center", va="center", fontsize=12, zorder=3)
    ax.text(x, y - 0.28, value, color=VALUE, ha="center", va="center", fontsize=10, zorder=3)
    ax.text(x, y - 0.8 if below else y + 0.8, derivative, color=DERIVATIVE, ha="center",
            va="top" if below else "bottom", fontsize=10)  # fmt: skip


def valley(
    paths: Mapping[str, Sequence[tuple[float, float]]],
    curvatures: tuple[float, float],
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw ways down to the bottom of (c a² + d b²) / 2 over its contours, each with its name.

    Args:
        paths: for each name the places (a, b), step by step.
        curvatures: c and d, both positive.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no path or more than colors, one of fewer than two places, or a curvature
            that is not positive.
    """
    if not min(curvatures) > 0:
        raise expected("curvatures", "two positive numbers", curvatures)
    styles = looks(paths, "paths")
    if bad := [name for name, places in paths.items() if len(places) < 2]:
        raise expected("paths", f"at least two places of {bad[0]}", len(paths[bad[0]]))
    ax = axes_or_new(ax, (WIDEST, 3.0))
    places = np.array([place for path in paths.values() for place in path])
    half = 1.15 * np.abs(places).max(axis=0)
    a, b = np.meshgrid(np.linspace(-half[0], half[0], 121), np.linspace(-half[1], half[1], 121))
    height = (curvatures[0] * a**2 + curvatures[1] * b**2) / 2
    start = (curvatures[0] * places[0, 0] ** 2 + curvatures[1] * places[0, 1] ** 2) / 2
    ax.contour(a, b, height, levels=start * np.array([0.01, 0.1, 0.3, 0.6, 1, 1.5]),
               colors="0.75", linewidths=0.8)  # fmt: skip
    for number, (name, path) in enumerate(paths.items()):
        ax.plot(*zip(*path, strict=True), ms=4, lw=1.2, **styles[name])
        ax.text(0, 1.03 + 0.1 * number, name, transform=ax.transAxes,
                color=styles[name]["color"])  # fmt: skip
    ax.set(xlabel="a", ylabel="b")
    ax.grid(False)
    return ax


def interval_columns(
    intervals: Sequence[tuple[float, float, float]], truth: float, *, ax: Axes | None = None
) -> Axes:
    """Draw values with their intervals side by side; those that miss the truth in another color.

    Args:
        intervals: of each the lower end, the value and the upper end.
        truth: what they should hold.
        ax: where to draw; default: a new figure.

    Units: fractions, drawn in percent.

    Raises:
        ValueError: no interval, or ends in the wrong order.
    """
    if not intervals:
        raise expected("intervals", "at least one", 0)
    ax = axes_or_new(ax, (WIDEST, 2.8))
    for place, (low, value, high) in enumerate(intervals, 1):
        if not low <= value <= high:
            raise expected("intervals", "lower end, value, upper end", (low, value, high))
        color = VALUE if low <= truth <= high else DERIVATIVE
        ax.plot([place, place], [100 * low, 100 * high], color=color, lw=2)
        ax.plot([place], [100 * value], marker="o", ms=3, color=color)
    ax.axhline(100 * truth, color="black", lw=1)
    ax.set(xlabel="sample", ylabel="error, %", xlim=(0, len(intervals) + 1))
    ax.grid(False, axis="x")
    return ax
