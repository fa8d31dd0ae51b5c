"""Pictures of pruning: a network with fewer lines, layers before and after, curves by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from cnnhistory.plotting.style import COLORS, MARKERS

Stages = Sequence[tuple[str, float]]


def connections(ax: Axes, weights: Sequence[npt.ArrayLike]) -> int:
    """Draw a dense network as columns of units and a line for each weight that is not zero.

    The larger a weight, the thicker its line; orange is negative. A unit that lost all lines on
    one side is hollow: nothing comes in, or nothing goes on. The number of lines is returned.

    Shape: one matrix (outputs, inputs) for each layer.

    Raises:
        ValueError: no layer, or two layers that do not fit.

    Source: han2015learning, Figure 3.
    """
    layers = [np.asarray(weight, dtype=float) for weight in weights]
    if not layers:
        raise ValueError("weights: expected at least one layer")
    for first, second in pairwise(layers):
        if second.shape[1] != first.shape[0]:
            raise ValueError(
                f"weights: expected {first.shape[0]} inputs of the next layer, "
                f"got {second.shape[1]}"
            )
    sizes = [layers[0].shape[1], *(layer.shape[0] for layer in layers)]
    alive = [np.ones(size, dtype=bool) for size in sizes]
    lines = 0
    for column, layer in enumerate(layers):
        largest = np.abs(layer).max() or 1.0
        for out, source in zip(*np.nonzero(layer), strict=True):
            value = layer[out, source]
            ax.plot(
                [column, column + 1],
                [_height(int(source), sizes[column]), _height(int(out), sizes[column + 1])],
                color=COLORS[1] if value < 0 else COLORS[0],
                lw=0.3 + 2.2 * abs(value) / largest,
                zorder=1,
            )
            lines += 1
        alive[column] &= (layer != 0).any(0)
        alive[column + 1] &= (layer != 0).any(1)
    for column, (size, living) in enumerate(zip(sizes, alive, strict=True)):
        for unit in range(size):
            face = COLORS[6] if living[unit] else "white"
            place = (column, _height(unit, size))
            ax.plot(*place, "o", ms=8, mfc=face, mec=COLORS[6], zorder=2)
    ax.set_axis_off()
    return lines


def _height(unit: int, size: int) -> float:
    return (size - 1) / 2 - unit


def error_against_size(
    ax: Axes,
    curves: Mapping[str, Mapping[float, float]],
    twin: tuple[float, float, float] | None = None,
) -> Axes:
    """Draw the error of pruned networks against how many times fewer weights they have.

    Args:
        ax: where to draw; its horizontal axis becomes logarithmic.
        curves: for each way to prune the error by the number of times.
        twin: error of the dense twin between the ends of its interval, drawn as a band.

    Units: errors are fractions, drawn in percent.

    Raises:
        ValueError: more curves than colors, or a curve without points.
    """
    if len(curves) > len(COLORS):
        raise ValueError(f"curves: expected at most {len(COLORS)}, got {len(curves)}")
    if twin is not None:
        low, error, high = (100 * value for value in twin)
        ax.axhspan(low, high, color=COLORS[6], alpha=0.12, lw=0)
        ax.axhline(error, color=COLORS[6], lw=1.2, label="dense twin, 95 % interval")
    ticks: set[float] = set()
    for (name, points), color, marker in zip(curves.items(), COLORS, MARKERS, strict=False):
        if not points:
            raise ValueError(f"curves: {name!r} has no points")
        values = [100 * error for error in points.values()]
        ax.plot(list(points), values, color=color, marker=marker, ms=5, label=name)
        ticks |= set(points)
    ax.set_xscale("log")
    ax.set_xticks(sorted(ticks), [f"{tick:g}" for tick in sorted(ticks)])
    ax.minorticks_off()
    ax.set(xlabel="times fewer weights", ylabel="test error, %")
    ax.legend(fontsize=9)
    return ax


def before_and_after(ax: Axes, layers: Sequence[tuple[str, float, float]]) -> Axes:
    """Draw for each layer how many weights there were and are: two dots on a logarithmic axis.

    The longer the line between the dots, the larger the factor. The first layer is on top.

    Units: weights before and after, above 0.

    Raises:
        ValueError: no layer, or a number that a logarithmic axis cannot show.
    """
    if not layers or any(not 0 < after <= before for _, before, after in layers):
        raise ValueError("layers: expected weights before >= weights after > 0 of each layer")
    for row, (_, before, after) in enumerate(layers):
        ax.plot([after, before], [row, row], color="0.7", lw=2, zorder=1)
        first = row == 0
        ax.plot(
            before, row, MARKERS[0], mfc="white", mec=COLORS[0], label="before" if first else None
        )
        ax.plot(after, row, MARKERS[0], color=COLORS[1], label="left" if first else None)
    ax.set_xscale("log")
    ax.set_yticks(range(len(layers)), [name for name, _, _ in layers])
    ax.invert_yaxis()
    ax.set_xlabel("weights")
    ax.grid(axis="y", visible=False)
    return ax


def stage_curves(ax: Axes, curves: Mapping[str, Sequence[Stages]]) -> Axes:
    """Draw the error after each pass, with the stages of the first curve as shaded parts.

    Each name has one color and one line for each seed. All curves have stages of equal length.

    Shape: for each name, a sequence of seeds; for each seed, the stage and the error of each pass.

    Units: errors are fractions, drawn in percent.

    Raises:
        ValueError: no curve at all, more names than colors, or a curve of another length.
    """
    every = [curve for seeds in curves.values() for curve in seeds]
    if not every or len(curves) > len(COLORS):
        raise ValueError(f"curves: expected 1 to {len(COLORS)} names with a curve each")
    if any(len(curve) != len(every[0]) for curve in every):
        raise ValueError("curves: expected all of one length")
    for (name, seeds), color in zip(curves.items(), COLORS, strict=False):
        for index, curve in enumerate(seeds):
            values = [100 * error for _, error in curve]
            label = name if index == 0 else None
            ax.plot(range(1, len(values) + 1), values, color=color, lw=1.2, alpha=0.9, label=label)
    stages = [stage for stage, _ in every[0]]
    begin = 0
    for number, stage in enumerate(dict.fromkeys(stages)):
        end = begin + stages.count(stage)
        if number % 2:
            ax.axvspan(begin + 0.5, end + 0.5, color=COLORS[6], alpha=0.07, lw=0)
        ax.text(
            (begin + end + 1) / 2, 0.98, stage, transform=ax.get_xaxis_transform(), ha="center",
            va="top", fontsize=9,
        )  # fmt: skip
        begin = end
    ax.set(xlabel="passes over the training data", ylabel="test error, %")
    ax.set_xlim(0.5, len(stages) + 0.5)
    return ax
