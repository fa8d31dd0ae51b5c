"""One look for all figures: readable sizes, colors that color-blind readers can tell apart."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, TypedDict, TypeVar

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected

# Okabe and Ito's palette, without the yellow that is too light on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BLACK = COLORS[-1]

SETTINGS: dict[Any, Any] = {
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 80,  # a chapter with a dozen figures stays well below 600 kB
    "figure.facecolor": "white",
    "font.size": 11,
    "grid.alpha": 0.3,
    "image.cmap": "gray_r",
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.hashsalt": "cnnhistory",
}


Name = TypeVar("Name", bound=Hashable)


class Look(TypedDict):
    """How one name is drawn wherever it occurs, as matplotlib's keywords."""

    color: str
    marker: str


def use_book_style() -> None:
    """Make the book's look the default of matplotlib in this process."""
    mpl.rcParams.update(SETTINGS)


def looks(
    names: Iterable[str], argument: str = "names", most: int = len(COLORS)
) -> dict[str, Look]:
    """Return a color and a marker for each name, no two alike.

    The same names in the same order look the same in every figure: make the looks of a chapter's
    networks once, and draw with `**looks[name]`.

    Args:
        names: in the order in which colors are given.
        argument: what the names are called in an error.
        most: how many may be told apart; below the number of colors where black means
            something else.

    Raises:
        ValueError: no name, more names than colors, or one that stands twice.
    """
    every = list(names)
    if not 1 <= len(every) <= most or len(set(every)) < len(every):
        raise expected(argument, f"1 to {most} different names", every)
    return {
        name: {"color": color, "marker": marker}
        for name, color, marker in zip(every, COLORS, MARKERS, strict=False)
    }


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes, or those of a new figure of this size in inches."""
    return plt.subplots(figsize=size)[1] if ax is None else ax
