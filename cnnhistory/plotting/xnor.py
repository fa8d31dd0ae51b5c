"""Pictures of binary arithmetic, and of what networks cost beside what they get right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cnnhistory.plotting.points import label_points
from cnnhistory.plotting.style import COLORS, MARKERS

# How a network is stored, in the order of colors and markers.
FORMS = ("float32", "int8", "pruned and shared", "binary weights", "all binary")


@dataclass(frozen=True)
class Stored:
    """A trained network as it is stored and run.

    `form` is one of `FORMS`. Units: `accuracy`, `low` and `high` are fractions, `nbytes` bytes,
    `ms` milliseconds for one image.

    Raises:
        ValueError: the form is not known, or the accuracy is not between its bounds.
    """

    name: str
    form: str
    accuracy: float
    low: float
    high: float
    nbytes: float
    ms: float

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form: expected one of {', '.join(FORMS)}, got {self.form!r}")
        if not self.low <= self.accuracy <= self.high:
            raise ValueError(
                f"accuracy: expected {self.low} to {self.high} to hold it, got {self.accuracy}"
            )


def trade_off(ax: Axes, networks: Sequence[Stored], cost: str = "nbytes") -> Axes:
    """Draw accuracy against bytes or milliseconds, with intervals and with the networks' names.

    A name stands once where points of the same name lie together.

    Args:
        ax: where; its limits are set here.
        networks: what is compared, on one data set.
        cost: "nbytes" or "ms".

    Raises:
        ValueError: another cost, or no network.
    """
    if cost not in ("nbytes", "ms"):
        raise ValueError(f"cost: expected 'nbytes' or 'ms', got {cost!r}")
    if not networks:
        raise ValueError("networks: expected at least one")
    sizes = (9, 7, 5, 7, 6)  # so that markers on top of each other can all be seen
    for form, color, marker, size in zip(FORMS, COLORS, MARKERS, sizes, strict=False):
        of_form = [network for network in networks if network.form == form]
        if of_form:
            heights = [100 * n.accuracy for n in of_form]
            bars = [
                [100 * (n.accuracy - n.low) for n in of_form],
                [100 * (n.high - n.accuracy) for n in of_form],
            ]
            costs = [getattr(n, cost) for n in of_form]
            face = "white" if form == FORMS[0] else color
            ax.errorbar(
                costs, heights, bars, fmt=marker, color=color, mfc=face, ms=size, lw=1,
                capsize=2, label=form,
            )  # fmt: skip
    costs = [getattr(n, cost) for n in networks]
    ax.set_xscale("log")
    ax.set_xlim(min(costs) / 2, max(costs) * 2)
    wide = max(costs) / min(costs) > 30
    ax.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5)))
    ax.xaxis.set_minor_locator(NullLocator())
    if cost == "nbytes":
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: bytes_text(value)))
        ax.set_xlabel("size of the stored network")
    else:
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.set_xlabel("time for an image, ms")
    ax.set_ylabel("test accuracy, %")
    low, high = 100 * min(n.low for n in networks), 100 * max(n.high for n in networks)
    room = 0.12 * (high - low)
    ax.set_ylim(low - room, high + room)
    named: list[Stored] = []
    for n in networks:
        near = (m for m in named if m.name == n.name)
        if all(not 1 / 1.3 < getattr(m, cost) / getattr(n, cost) < 1.3 for m in near):
            named.append(n)
    places = [getattr(n, cost) for n in named], [100 * n.accuracy for n in named]
    label_points(ax, *places, [n.name for n in named])
    return ax


def bytes_text(value: float) -> str:
    """Return a number of bytes with a unit: B, kB or MB.

    >>> bytes_text(4), bytes_text(10_000), bytes_text(1.5e6)
    ('4 B', '10 kB', '1.5 MB')
    """
    for size, unit in ((1e6, "MB"), (1e3, "kB")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g} B"


def interval_rows(
    ax: Axes,
    rows: Mapping[str, tuple[float, float, float]],
    single: Mapping[str, Sequence[float]] | None = None,
) -> Axes:
    """Draw a value with its interval in each row, the first on top, single values as small dots.

    Shape: for each name the value, the lower and the upper end; `single` has a list of values.

    Raises:
        ValueError: there are no rows, or `single` has a name that they lack.
    """
    if not rows:
        raise ValueError("rows: expected at least one")
    if unknown := set(single or ()) - set(rows):
        raise ValueError(f"single: expected names of rows, got {', '.join(sorted(unknown))}")
    for y, (name, (value, low, high)) in enumerate(rows.items()):
        color = COLORS[y % len(COLORS)]
        ax.plot([low, high], [y, y], color=color, lw=3, alpha=0.45, solid_capstyle="butt")
        ax.plot([value], [y], marker="o", color=color, ms=8)
        for x in (single or {}).get(name, ()):
            ax.plot([x], [y - 0.22], marker=".", color=color, ms=5)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.5, -0.6)
    ax.grid(False, axis="y")
    return ax


def ratio_bars(ax: Axes, ratios: Mapping[str, float], label: str) -> Axes:
    """Draw ratios as bars on a logarithmic axis, the first on top, each with its number.

    Raises:
        ValueError: a ratio is not positive.
    """
    if bad := [name for name, ratio in ratios.items() if not ratio > 0]:
        raise ValueError(f"ratios: expected positive numbers, got one that is not: {bad[0]}")
    for y, (_, ratio) in enumerate(ratios.items()):
        ax.barh(y, ratio, color=COLORS[y % len(COLORS)], height=0.6)
        text = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
        ax.annotate(text, (ratio, y), (4, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(ratios)), list(ratios))
    ax.set_ylim(len(ratios) - 0.5, -0.5)
    ax.set_xscale("log")
    ax.set_xlim(1, 2.5 * max(ratios.values()))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.grid(False, axis="y")
    ax.set_xlabel(label)
    return ax


def words(ax: Axes, x: Sequence[int], w: Sequence[int]) -> int:
    """Draw two lists of signs as bits, where they differ, and how the sum follows; return the sum.

    Shape: as many signs, +1 or -1, in `x` as in `w`; 64 fill a word.

    Raises:
        ValueError: the lists are not equally long.
    """
    if len(x) != len(w):
        raise ValueError(f"w: expected {len(x)} signs as in x, got {len(w)}")
    n = len(x)
    differ = [a != b for a, b in zip(x, w, strict=True)]
    rows = (("input", [a > 0 for a in x], COLORS[0]), ("kernel", [b > 0 for b in w], COLORS[0]),
            ("xor", differ, COLORS[1]))  # fmt: skip
    for row, (name, bits, color) in enumerate(rows):
        y = -1.9 * row
        for place, bit in enumerate(bits):
            face = color if bit else "white"
            ax.add_patch(Rectangle((place, y), 0.9, 1.3, fc=face, ec=color, lw=0.5))
        ax.text(-1, y + 0.65, name, ha="right", va="center")
    total = n - 2 * sum(differ)
    text = f"popcount {sum(differ)},  sum of the {n} products: {n} − 2·{sum(differ)} = {total}"
    ax.text(n / 2, -4.6, text, ha="center", va="top")
    ax.set(xlim=(-9, n + 0.5), ylim=(-6.2, 1.8))
    ax.set_axis_off()
    return total


def tile(ax: Axes, pixels: int = 7, channels: int = 16) -> Axes:
    """Draw a tile of a binary convolution: counts for some pixels by some output channels.

    A word of the input meets the words of all channels, so a load serves many counts.

    Raises:
        ValueError: fewer than one pixel or channel.
    """
    if pixels < 1 or channels < 1:
        raise ValueError(f"pixels, channels: expected at least 1, got {pixels} and {channels}")
    for p in range(pixels):
        ax.add_patch(Rectangle((-2.2, -p), 1.2, 0.8, fc=COLORS[0], ec="none"))
        for c in range(channels):
            ax.add_patch(Rectangle((c, -p), 0.86, 0.8, fc="white", ec=COLORS[6], lw=0.6))
    for c in range(channels):
        ax.add_patch(Rectangle((c, 1.25), 0.86, 0.8, fc=COLORS[2], ec="none"))
    ax.text(-2.6, 0.4 - (pixels - 1) / 2, f"a word of each\nof {pixels} pixels", ha="right",
            va="center", color=COLORS[0])  # fmt: skip
    ax.text(channels / 2, 2.3, f"a word of each of {channels} kernels", ha="center", va="bottom",
            color=COLORS[2])  # fmt: skip
    ax.text(channels + 0.5, 0.4 - (pixels - 1) / 2, f"{pixels * channels} counts\nin registers",
            ha="left", va="center")  # fmt: skip
    ax.set(xlim=(-8.2, channels + 6), ylim=(-pixels, 3.6))
    ax.set_axis_off()
    return ax
