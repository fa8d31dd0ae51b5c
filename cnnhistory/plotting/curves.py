"""Curves over the epochs of training runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.labels import label_lines
from cnnhistory.plotting.names import display_name
from cnnhistory.plotting.style import axes_or_new, looks
from cnnhistory.plotting.svg import WIDEST

Stages = Sequence[tuple[str, float]]


def seed_curves(curves: Mapping[str, Sequence[Sequence[float]]], *, ax: Axes | None = None) -> Axes:
    """Draw one line for each seed, in one color for each name, which stands at their end.

    Args:
        curves: for each name a sequence of seeds; for each seed the value after epoch 1, 2, ...
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no name, more names than colors, or a name without a curve.
    """
    _check(curves)
    return _seeds(curves, axes_or_new(ax, (7, 3.4)), markers=True)


def stage_curves(curves: Mapping[str, Sequence[Stages]], *, ax: Axes | None = None) -> Axes:
    """Draw the error after each epoch, with the stages of training as shaded parts.

    Each name has one color and one line for each seed; all curves have the same stages.

    Args:
        curves: for each name a sequence of seeds; for each seed the stage and the error of each
            epoch.
        ax: where to draw; default: a new figure.

    Units: errors are fractions, drawn in percent.

    Raises:
        ValueError: no name, more names than colors, a name without a curve, or curves whose
            stages differ.
    """
    _check(curves)
    every = [[stage for stage, _ in seed] for seeds in curves.values() for seed in seeds]
    stages = every[0]
    if not stages or any(other != stages for other in every):
        raise expected("curves", "the same stages in all", [len(other) for other in every])
    percent = {
        name: [[100 * error for _, error in seed] for seed in seeds]
        for name, seeds in curves.items()
    }
    ax = _seeds(percent, axes_or_new(ax, (WIDEST, 3.6)), markers=False)
    begin = 0
    for number, (stage, length) in enumerate(_runs(stages)):
        end = begin + length
        if number % 2:
            ax.axvspan(begin + 0.5, end + 0.5, color="0.93", lw=0, zorder=0)
        ax.text(
            (begin + end + 1) / 2, 0.98, stage, transform=ax.get_xaxis_transform(), ha="center",
            va="top", fontsize=9,
        )  # fmt: skip
        begin = end
    ax.set(ylabel="test error, %", xlim=(0.5, len(stages) + 0.5))
    return ax


def _check(curves: Mapping[str, Sequence[object]]) -> None:
    looks(curves, "curves")
    if empty := [name for name, seeds in curves.items() if not seeds]:
        raise expected("curves", "a curve for each name", f"none for {empty[0]}")


def _seeds(curves: Mapping[str, Sequence[Sequence[float]]], ax: Axes, markers: bool) -> Axes:
    for name, look in looks(curves).items():
        for index, values in enumerate(curves[name]):
            ax.plot(
                range(1, len(values) + 1), values, color=look["color"],
                marker=look["marker"] if markers else None, markersize=3, linewidth=1.2,
                alpha=0.85, label=display_name(name) if index == 0 else None,
            )  # fmt: skip
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    return label_lines(ax)


def _runs(stages: Sequence[str]) -> Iterable[tuple[str, int]]:
    """Yield each stage with its number of epochs, in their order."""
    begin = 0
    for place in range(1, len(stages) + 1):
        if place == len(stages) or stages[place] != stages[begin]:
            yield stages[begin], place - begin
            begin = place
