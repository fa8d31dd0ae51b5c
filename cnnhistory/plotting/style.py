"""One look for all figures: readable sizes, colors that color-blind readers can tell apart."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, TypedDict, TypeVar

import matplotlib as mpl
import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.svg import WIDEST, show_figures_as_svg

# Okabe and Ito's palette, without the yellow that is too light on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
BLACK = COLORS[-1]

GRAY = "#777777"  # of what frames a picture; readable on white and on a dark page

SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GRAY,
    "axes.facecolor": "none",
    "axes.formatter.min_exponent": 4,  # 0.1 and 100 on logarithmic axes, not powers of ten
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLORS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.figsize": (WIDEST, 3.4),
    "figure.constrained_layout.use": True,
    "figure.dpi": 96,  # one inch is 96 pixels of the page, one point 4/3
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.color": "#e0e0e0",
    "image.cmap": "gray_r",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "xtick.color": GRAY,
    "xtick.labelcolor": "black",
    "xtick.labelsize": 9,
    "xtick.minor.pad": 7,  # as if it had the size of a major one
    "xtick.minor.size": 0,
    "ytick.color": GRAY,
    "ytick.labelcolor": "black",
    "ytick.labelsize": 9,
    "ytick.minor.pad": 7,
    "ytick.minor.size": 0,
}


Name = TypeVar("Name", bound=Hashable)


class Look(TypedDict):
    """How one name is drawn wherever it occurs, as matplotlib's keywords."""

    color: str
    marker: str


def use_book_style() -> None:
    """Make the book's look the default of matplotlib in this process; a notebook shows SVG."""
    mpl.rcParams.update(SETTINGS)
    show_figures_as_svg()


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
