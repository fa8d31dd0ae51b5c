"""Bars and rows: one row for each name, the first on top."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.names import display_name
from cnnhistory.plotting.style import axes_or_new, looks
from cnnhistory.plotting.svg import WIDEST


def interval_rows(
    rows: Mapping[str, tuple[float, float, float]],
    single: Mapping[str, Sequence[float]] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a value with its interval in each row, and single values as small dots above it.

    Args:
        rows: for each name the value, and the lower and the upper end of its interval.
        single: for some of the names a list of values, such as those of the seeds.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no row or more than colors, ends in the wrong order, or a name in `single`
            that the rows lack.
    """
    styles = looks(rows, "rows")
    for name, (_, low, high) in rows.items():
        if not low <= high:
            raise expected("rows", f"a lower end below the upper one for {name}", (low, high))
    if unknown := set(single or ()) - set(rows):
        raise expected("single", "names of rows", ", ".join(sorted(unknown)))
    ax = axes_or_new(ax, (7, 0.5 * len(rows) + 1))
    for y, (name, (value, low, high)) in enumerate(rows.items()):
        color = styles[name]["color"]
        ax.plot([low, high], [y, y], color=color, lw=3, alpha=0.45, solid_capstyle="butt")
        ax.plot([value], [y], marker="o", color=color, ms=8)
        for x in (single or {}).get(name, ()):
            ax.plot([x], [y - 0.22], marker=".", color=color, ms=5)
    return _rows(ax, rows)


def ratio_bars(ratios: Mapping[str, float], label: str, *, ax: Axes | None = None) -> Axes:
    """Draw ratios as bars on a logarithmic axis that begins at 1, each with its number.

    Args:
        ratios: positive; a bar of less than 1 is not seen, only its number.
        label: of the horizontal axis.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no ratio or more than colors, or one that is not positive.
    """
    styles = looks(ratios, "ratios")
    if bad := [name for name, ratio in ratios.items() if not ratio > 0]:
        raise expected("ratios", f"a positive number for {bad[0]}", ratios[bad[0]])
    ax = axes_or_new(ax, (7, 0.45 * len(ratios) + 1))
    for y, (name, ratio) in enumerate(ratios.items()):
        ax.barh(y, ratio, color=styles[name]["color"], height=0.6)
    ends = [(max(ratio, 1.0), f"{ratio:.{0 if ratio >= 10 else 1}f}") for ratio in ratios.values()]
    _end_texts(ax, ends)
    ax.set(xscale="log", xlim=(1, max(2.5 * max(ratios.values()), 2.5)), xlabel=label)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    return _rows(ax, ratios)


def stacked_bars(
    rows: Mapping[str, Mapping[str, float]],
    label: str,
    total: Callable[[float], str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw for each row a bar that is stacked of its parts; a part has one color in all rows.

    Args:
        rows: for each name its parts, none negative; a row may lack parts that others have.
        label: of the horizontal axis.
        total: writes the sum at the end of each bar; default: no sums.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no row, no part, more parts than colors, a negative part, or only zeros.
    """
    parts = list(dict.fromkeys(name for sizes in rows.values() for name in sizes))
    styles = looks(parts, "rows")
    if bad := [(row, part) for row in rows for part, size in rows[row].items() if not size >= 0]:
        raise expected("rows", f"no negative part in {bad[0][0]}", rows[bad[0][0]][bad[0][1]])
    ends = [sum(sizes.values()) for sizes in rows.values()]
    if not max(ends) > 0:
        raise expected("rows", "a part above 0", max(ends))
    ax = axes_or_new(ax, (WIDEST, 0.45 * len(rows) + 1.2))
    left = [0.0] * len(rows)
    for part in parts:
        sizes = [row.get(part, 0.0) for row in rows.values()]
        ax.barh(range(len(rows)), sizes, left=left, color=styles[part]["color"],
                label=display_name(part), height=0.62)  # fmt: skip
        left = [begin + size for begin, size in zip(left, sizes, strict=True)]
    if total is not None:
        _end_texts(ax, [(end, total(end)) for end in ends])
    ax.set(xlabel=label, xlim=(0, (1.18 if total else 1.05) * max(ends)))
    ax.legend(fontsize=9)
    return _rows(ax, rows)


def _end_texts(ax: Axes, ends: Sequence[tuple[float, str]]) -> None:
    """Write a text behind the end of each bar."""
    for y, (end, text) in enumerate(ends):
        ax.annotate(text, (end, y), (5, 0), textcoords="offset points", va="center", fontsize=9)


def _rows(ax: Axes, names: Mapping[str, object]) -> Axes:
    """Name the rows, the first on top."""
    ax.set_yticks(range(len(names)), [display_name(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(False, axis="y")
    return ax
