"""XNOR-Net: binary arithmetic, and what networks cost beside what they get right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory._util.numbers import size_text
from cnnhistory.plotting.diagram import Pen, box, frame
from cnnhistory.plotting.scatter import label_points
from cnnhistory.plotting.style import COLORS, axes_or_new, looks
from cnnhistory.plotting.svg import WIDEST

# How a network is stored, in the order of colors and markers.
FORMS = ("float32", "int8", "pruned and shared", "binary weights", "all binary")
_MARKER_SIZES = (9, 7, 5, 7, 6)  # so that markers on top of each other can all be seen


@dataclass(frozen=True)
class Stored:
    """A trained network as it is stored and run.

    `form` is one of `FORMS`. Units: `accuracy`, `low` and `high` are fractions, `nbytes` bytes,
    `ms` milliseconds for one image.

    Raises:
        ValueError: the form is not known, the accuracy is not between its bounds, or a cost is
            not positive.
    """

    name: str
    form: str
    accuracy: float
    low: float
    high: float
    nbytes: float
    ms: float

    def __post_init__(self) -> None:
        check_one_of("form", self.form, FORMS)
        if not self.low <= self.accuracy <= self.high:
            raise expected("accuracy", f"from {self.low} to {self.high}", self.accuracy)
        if not (self.nbytes > 0 and self.ms > 0):
            raise expected("nbytes, ms", "positive numbers", (self.nbytes, self.ms))


def trade_off(networks: Sequence[Stored], cost: str = "nbytes", *, ax: Axes | None = None) -> Axes:
    """Draw accuracy against bytes or milliseconds, with intervals and with the networks' names.

    A name stands once where points of the same name lie together.

    Args:
        networks: what is compared, on one data set.
        cost: "nbytes" or "ms".
        ax: where to draw; its limits are set here; default: a new figure.

    Raises:
        ValueError: another cost, or no network.
    """
    check_one_of("cost", cost, ("nbytes", "ms"))
    if not networks:
        raise expected("networks", "at least one", "none")
    ax = axes_or_new(ax, (6, 4))
    costs = [getattr(n, cost) for n in networks]
    for (form, look), size in zip(looks(FORMS).items(), _MARKER_SIZES, strict=True):
        of_form = [place for place, n in enumerate(networks) if n.form == form]
        if of_form:
            shown = [networks[place] for place in of_form]
            bars = [[100 * (n.accuracy - n.low) for n in shown],
                    [100 * (n.high - n.accuracy) for n in shown]]  # fmt: skip
            ax.errorbar(
                [costs[place] for place in of_form], [100 * n.accuracy for n in shown], bars,
                ls="", color=look["color"], marker=look["marker"], ms=size, elinewidth=1,
                mfc="white" if form == FORMS[0] else look["color"], capsize=2, label=form,
            )  # fmt: skip
    _size_axis(ax, costs, cost)
    low, high = 100 * min(n.low for n in networks), 100 * max(n.high for n in networks)
    room = 0.12 * (high - low) or 1.0
    ax.set(ylim=(low - room, high + room), ylabel="test accuracy, %")
    named: list[Stored] = []
    for n in networks:
        near = (m for m in named if m.name == n.name)
        if all(not 1 / 1.3 < getattr(m, cost) / getattr(n, cost) < 1.3 for m in near):
            named.append(n)
    places = [getattr(n, cost) for n in named], [100 * n.accuracy for n in named]
    return label_points(ax, *places, [n.name for n in named])


def _size_axis(ax: Axes, costs: Sequence[float], cost: str) -> None:
    """Make the horizontal axis logarithmic, in bytes or in milliseconds."""
    ax.set(xscale="log", xlim=(min(costs) / 2, max(costs) * 2))
    wide = max(costs) / min(costs) > 30
    ax.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
    ax.xaxis.set_minor_locator(NullLocator())
    of_bytes = cost == "nbytes"
    ax.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: size_text(value) if of_bytes else f"{value:g}")
    )
    ax.set_xlabel("size of the stored network" if of_bytes else "time for an image, ms")


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
