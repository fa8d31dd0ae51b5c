"""Names at the ends of lines instead of a legend."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox, IdentityTransform

READABLE = 4.5  # contrast of a name with white
GAP = 6.0  # between axes and name, in points
LINE = 1.15  # from one name to the next, in sizes of the font


def label_lines(ax: Axes, fontsize: float = 9) -> Axes:
    """Write the name of each line beside its right end, in its color; no two names overlap.

    Lines that look alike, such as those of seeds, share the name of the first; it stands at the
    end of the middle one. Names are placed when the figure is drawn, so later changes of limits
    and scales count. They stand once where axes beside each other have the same. They are the
    legend of the axes: `ax.legend()` replaces them, `ax.get_legend().remove()` removes them.

    Units: `fontsize` in points.
    """
    ax.legend_ = _EndNames(ax, fontsize)  # type: ignore[assignment]
    return ax


class _EndNames(Artist):
    """The names of all lines of its axes."""

    zorder = 4

    def __init__(self, ax: Axes, fontsize: float) -> None:
        super().__init__()
        self.fontsize = fontsize
        self.axes = ax
        self.set_figure(ax.figure)
        self._remove_method = lambda _: setattr(ax, "legend_", None)

    def draw(self, renderer: RendererBase) -> None:
        for artist in self._parts(renderer):
            artist.draw(renderer)

    def get_window_extent(self, renderer: RendererBase | None = None) -> Bbox:
        assert self.axes is not None
        texts = [part for part in self._parts(renderer) if isinstance(part, Text)]
        if not texts:
            return Bbox.null()
        return Bbox.union([text.get_window_extent(renderer) for text in texts])

    def get_tightbbox(self, renderer: RendererBase | None = None) -> Bbox | None:
        box = self.get_window_extent(renderer)
        return box if math.isfinite(box.x0) else None

    def _parts(self, renderer: RendererBase | None) -> list[Artist]:
        """Return names, and a thin line to each that is not beside its end."""
        ax: Any = self.axes
        ends = _ends(ax)
        if _is_named_beside(ax, ends):
            return []
        point = ax.figure.dpi / 72
        frame = ax.bbox
        wanted = [min(max(y, frame.y0), frame.y1) for _, y, _, _ in ends]
        placed = spread(wanted, LINE * self.fontsize * point, frame.y0, frame.y1)
        left = frame.x1 + GAP * point
        parts: list[Artist] = []
        for (x, y, color, name), height in zip(ends, placed, strict=True):
            text = Text(left, height, name, color=_ink(color), fontsize=self.fontsize,
                        va="center_baseline", transform=IdentityTransform())  # fmt: skip
            parts.append(text)
            if abs(y - height) > 3 * point or frame.x1 - x > GAP * point:
                parts.append(Line2D([x + 2 * point, left - 1.5 * point], [y, height], color=color,
                                    lw=0.6, transform=IdentityTransform()))  # fmt: skip
        for part in parts:
            part.set_figure(ax.figure)
        return parts


def _is_named_beside(ax: Any, ends: Sequence[tuple[float, float, Any, str]]) -> bool:
    """Whether axes to the right write the same names in the same colors."""
    said = {(to_hex(color), name) for _, _, color, name in ends}
    return any(
        isinstance(other.get_legend(), _EndNames)
        and said == {(to_hex(color), name) for _, _, color, name in _ends(other)}
        for other in ax.figure.axes
        if other.bbox.x0 >= ax.bbox.x1 and other.bbox.y0 < ax.bbox.y1 and ax.bbox.y0 < other.bbox.y1
    )


def _ends(ax: Axes) -> list[tuple[float, float, Any, str]]:
    """Return for each name where the middle one of its lines ends on the screen, and its color."""
    found: dict[object, tuple[list[tuple[float, float]], Any, str]] = {}
    for line in ax.lines:
        look = to_hex(line.get_color()), line.get_linestyle(), str(line.get_marker())
        name = str(line.get_label())
        if not name.startswith("_"):
            found.setdefault(look, ([], line.get_color(), name))
        if look not in found:
            continue
        for x, y in reversed(line.get_transform().transform(line.get_xydata())):
            if math.isfinite(x) and math.isfinite(y) and ax.bbox.x0 - 1 <= x <= ax.bbox.x1 + 1:
                found[look][0].append((float(x), float(y)))
                break
    ends = []
    for spots, color, name in found.values():
        if spots:
            spots.sort(key=lambda spot: spot[1])
            ends.append((*spots[len(spots) // 2], color, name))
    return ends


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return heights at least `gap` apart, as near to the wanted ones as can be.

    >>> spread([5, 5, 20], 2, 0, 30)
    [4.0, 6.0, 20.0]

    They keep their order and stay between `low` and `high` where there is room for all.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[tuple[float, int]] = []  # the sum of what its members want, and their number
    for place, index in enumerate(order):
        total, count = wanted[index] - place * gap, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / count:
            before = blocks.pop()
            total, count = total + before[0], count + before[1]
        blocks.append((total, count))
    steps = [total / count for total, count in blocks for _ in range(count)]
    most = high - (len(wanted) - 1) * gap
    heights = [0.0] * len(wanted)
    for place, (index, step) in enumerate(zip(order, steps, strict=True)):
        heights[index] = max(min(step, most), low) + place * gap
    return heights


def _ink(color: Any) -> str:
    """Return the color, darker where text of it would be hard to read on white."""
    rgb = to_rgb(color)
    while 1.05 / (_luminance(rgb) + 0.05) < READABLE:
        rgb = tuple(0.95 * part for part in rgb)  # type: ignore[assignment]
    return to_hex(rgb)


def _luminance(rgb: tuple[float, ...]) -> float:
    parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
