"""Curves over the passes of training runs."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from cnnhistory.plotting.style import COLORS, MARKERS


def seed_curves(ax: Axes, curves: Mapping[str, Sequence[Sequence[float]]]) -> Axes:
    """Draw one line for each seed, in one color and with one label for each name.

    Shape: for each name, a sequence of seeds; for each seed, the value after pass 1, 2, ...

    Raises:
        ValueError: more names than colors that can be told apart, or a name without a curve.
    """
    if len(curves) > len(COLORS):
        raise ValueError(f"curves: expected at most {len(COLORS)} names, got {len(curves)}")
    for (name, seeds), color, marker in zip(curves.items(), COLORS, MARKERS, strict=False):
        if not seeds:
            raise ValueError(f"curves: {name!r} has no curve")
        for index, values in enumerate(seeds):
            style = {"color": color, "marker": marker, "markersize": 3, "linewidth": 1.2}
            label = name if index == 0 else None
            ax.plot(range(1, len(values) + 1), values, label=label, alpha=0.85, **style)  # type: ignore[arg-type]
    ax.set_xlabel("passes over the training data")
    ax.legend()
    return ax
