"""Batch normalization: which values share a mean, and what is done with them."""

from __future__ import annotations

from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame
from cnnhistory.plotting.style import COLORS, axes_or_new

MAP, STEP, ROW = 0.8, 1.2, 1.0  # side of a map; from image to image; from map to map
_OUTLINE, _FLOW = Pen(width=0.8), Pen(width=1)
_PARTS = (("mean m\nvariance v", 1.5), ("(x − m) / √(v + ε)", 2.1), ("γ x̂ + β", 1.3))


def over_the_batch(images: int, maps: int, chosen: int = 1, *, ax: Axes | None = None) -> Axes:
    """Draw a batch as a table of maps, one channel of it in color, and what becomes of its values.

    Args:
        images: columns, one for each image of the batch.
        maps: rows, one for each channel.
        chosen: the row that is followed, from 0 at the top.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no image, no map, or no such row.

    Source: ioffe2015batch, Algorithm 1 and Section 3.2.
    """
    if min(images, maps) < 1:
        raise expected("images, maps", "at least one each", (images, maps))
    if not 0 <= chosen < maps:
        raise expected("chosen", f"a row from 0 to {maps - 1}", chosen)
    ax = axes_or_new(ax, (7, 2.6))
    for row in range(maps):
        for column in range(images):
            face = COLORS[4] if row == chosen else "white"
            box(ax, (column * STEP, -row * ROW), (MAP, MAP), face=face, pen=_OUTLINE)
        ax.text(-0.65, -row * ROW, f"map {row + 1}", ha="right", va="center", fontsize=9)
    for column in range(images):
        ax.text(column * STEP, 0.62, f"image {column + 1}", ha="center", fontsize=9)
    x, y = (images - 1) * STEP + MAP / 2 + 0.1, -chosen * ROW
    for text, width in _PARTS:
        arrow(ax, (x, y), (x + 0.45, y), pen=_FLOW)
        x += 0.5
        box(ax, (x + width / 2, y), (width, 0.95), text, face=(COLORS[4], 0.4), pen=_OUTLINE)
        x += width + 0.05
    return frame(ax, (-1.9, x + 0.1), (-(maps - 1) * ROW - 0.6, 1.0))
