"""Pruning: a network with fewer lines, layers before and after, the error against the size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, frame, line
from cnnhistory.plotting.style import BLACK, COLORS, axes_or_new, looks
from cnnhistory.plotting.svg import WIDEST


def connections(weights: Sequence[npt.ArrayLike], *, ax: Axes | None = None) -> Axes:
    """Draw a dense network as columns of units and a line for each weight that is not zero.

    The larger a weight, the thicker its line; orange is negative. A unit that lost all lines on
    one side is hollow: nothing comes in, or nothing goes on.

    Shape: one matrix (outputs, inputs) for each layer.

    Raises:
        ValueError: no layer, one that is no matrix, or two layers that do not fit.

    Source: han2015learning, Figure 3.
    """
    layers = [np.asarray(weight, dtype=float) for weight in weights]
    if not layers or any(layer.ndim != 2 for layer in layers):
        raise expected("weights", "one matrix or more", [layer.shape for layer in layers])
    for first, second in pairwise(layers):
        if second.shape[1] != first.shape[0]:
            raise expected("weights", f"{first.shape[0]} inputs of the next layer", second.shape[1])
    sizes = [layers[0].shape[1], *(layer.shape[0] for layer in layers)]
    alive = [np.ones(size, dtype=bool) for size in sizes]
    ax = axes_or_new(ax, (1 + 1.5 * len(sizes), 3))
    for column, layer in enumerate(layers):
        largest = np.abs(layer).max() or 1.0
        for out, source in zip(*np.nonzero(layer), strict=True):
            value = layer[out, source]
            start = (column, _height(int(source), sizes[column]))
            end = (column + 1, _height(int(out), sizes[column + 1]))
            color = COLORS[1] if value < 0 else COLORS[0]
            line(ax, [start, end], pen=Pen(color=color, width=0.3 + 2.2 * abs(value) / largest))
        alive[column] &= (layer != 0).any(0)
        alive[column + 1] &= (layer != 0).any(1)
    for column, (size, living) in enumerate(zip(sizes, alive, strict=True)):
        for unit in range(size):
            face = BLACK if living[unit] else "white"
            ax.plot(column, _height(unit, size), "o", ms=8, mfc=face, mec=BLACK, zorder=2)
    half = (max(sizes) - 1) / 2 + 0.3
    return frame(ax, (-0.15, len(layers) + 0.15), (-half, half), equal=False)


def _height(unit: int, size: int) -> float:
    return (size - 1) / 2 - unit


def error_against_size(
    curves: Mapping[str, Mapping[float, float]],
    baseline: tuple[float, float, float] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the error of pruned networks against how many times fewer weights they have.

    Args:
        curves: for each way to prune the error by the number of times.
        baseline: error of the dense network between the ends of its interval, drawn as a band.
        ax: where to draw; its horizontal axis becomes logarithmic; default: a new figure.

    Units: errors are fractions, drawn in percent.

    Raises:
        ValueError: no curve, more than colors, or a curve without points.
    """
    styles = looks(curves, "curves", len(COLORS) - (baseline is not None))
    if empty := [name for name, points in curves.items() if not points]:
        raise expected("curves", "points for each name", f"none for {empty[0]}")
    ax = axes_or_new(ax, (WIDEST, 3.8))
    if baseline is not None:
        low, error, high = (100 * value for value in baseline)
        ax.axhspan(low, high, color=BLACK, alpha=0.12, lw=0)
        ax.axhline(error, color=BLACK, lw=1.2, label="dense baseline, 95 % interval")
    for name, points in curves.items():
        values = [100 * error for error in points.values()]
        ax.plot(list(points), values, ms=5, label=name, **styles[name])
    ticks = sorted({times for points in curves.values() for times in points})
    ax.set(xscale="log", xlabel="times fewer weights", ylabel="test error, %")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.legend(fontsize=9)
    return ax
