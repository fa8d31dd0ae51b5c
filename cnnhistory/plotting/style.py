"""One look for all figures: readable sizes, colors that color-blind readers can tell apart."""

from typing import Any

import matplotlib as mpl
from cycler import cycler

# Okabe and Ito's palette, without the yellow that is too light on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

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


def use_book_style() -> None:
    """Make the book's look the default of matplotlib in this process."""
    mpl.rcParams.update(SETTINGS)
