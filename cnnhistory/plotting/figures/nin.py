"""Network in network: a perceptron that slides over the maps, and the means behind it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, axes_or_new

MAP, WINDOW, UNIT = 1.0, 0.4, 0.3  # sides of a map, of the window on it and of a unit
SHIFT = 0.16  # from one input map to the next, which stands behind it
COLUMN, ROW = 1.25, 1.25  # from one layer of the perceptron to the next; from map to map
_LINK, _OUTLINE, _FLOW = Pen(color="0.6", width=0.5), Pen(width=0.8), Pen(width=1)


def sliding_perceptron(
    units: Sequence[int], inputs: int = 3, kernel: int = 5, *, ax: Axes | None = None
) -> Axes:
    """Draw an mlpconv layer at one place of its input, and the means of the maps that it makes.

    Args:
        units: of each layer of the perceptron; the last has one unit for each map.
        inputs: number of input maps.
        kernel: side of the window.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: there is no layer, or a layer or the input without units.

    Source: lin2014network, Figures 1 and 2.
    """
    if not units or min(*units, inputs) < 1:
        raise expected("units, inputs", "at least one each", (*units, inputs))
    ax = axes_or_new(ax, (9.2, 3.3))
    for n in reversed(range(inputs)):
        box(ax, (n * SHIFT, n * SHIFT), (MAP, MAP), pen=_OUTLINE)
    seen = (-0.1, 0.05)
    box(ax, seen, (WINDOW, WINDOW), face=(COLORS[4], 0.75), pen=_OUTLINE)
    before = [(seen[0] + WINDOW / 2, seen[1] + side * WINDOW / 2) for side in (-1, 0, 1)]
    x = MAP / 2 + inputs * SHIFT + 0.3
    texts = [(inputs * SHIFT / 2, "input maps")]
    for n, count in enumerate(units):
        step = ROW if n == len(units) - 1 else 0.55
        layer = [(x, (k - (count - 1) / 2) * step) for k in reversed(range(count))]
        for spot in layer:
            for start in before:
                line(ax, (start, spot), pen=_LINK)
            face = COLORS[5] if n == 0 else COLORS[4]
            box(ax, spot, (UNIT, UNIT), face=face, pen=_OUTLINE, rounding=UNIT / 2, zorder=3)
        texts.append((x, f"{kernel}×{kernel}" if n == 0 else "1×1"))
        before, x = layer, x + COLUMN
    x += 0.1
    for name, (_, y) in zip(range(1, len(before) + 1), before, strict=True):
        place = (x + seen[0], y + seen[1])
        box(ax, (x, y), (MAP, MAP), pen=_OUTLINE)
        arrow(ax, (before[0][0] + UNIT / 2, y), (place[0] - 0.09, y), pen=_FLOW, zorder=4)
        box(ax, place, (0.14, 0.14), face=COLORS[4], pen=_OUTLINE, zorder=3)
        arrow(ax, (x + MAP / 2, y), (x + MAP / 2 + 1.1, y), pen=_FLOW)
        ax.text(x + MAP / 2 + 0.5, y + 0.09, "mean", ha="center", va="bottom", fontsize=9)
        ax.text(x + MAP / 2 + 1.2, y, f"score of class {name}", va="center", fontsize=9)
    texts.append((x, "a map for each unit"))
    low = -max((len(before) - 1) / 2 * ROW + MAP / 2, 0.55 * (max(units) - 1) / 2 + UNIT) - 0.3
    for at, text in texts:
        ax.text(at, low, text, ha="center", va="center", fontsize=9)
    return frame(ax, (-0.7, x + 3.3), (low - 0.2, -low - 0.1))
