"""The deconvnet: layers on the way up and their mirror on the way down, and what it projects."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame
from cnnhistory.plotting.images import stretched
from cnnhistory.plotting.style import BLACK, COLORS, axes_or_new

# How a kind of layer is undone; response normalization is left out.
UNDONE = {
    "convolution": "transposed convolution",
    "ReLU": "ReLU",
    "max-pooling": "unpooling",
    "normalization": "(left out)",
}
SIZE, GAP = (3.2, 0.62), 0.46  # of a box; between rows
NETWORK, MIRROR = 6.0, 1.6  # middles of the columns: the network on the right, as in the paper


def mirror(layers: Sequence[str], *, ax: Axes | None = None) -> Axes:
    """Draw layers from the bottom up, and beside each what undoes it.

    Args:
        layers: kinds of layers, from the first to the last; each a key of `UNDONE`.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no layer, or one of another kind.

    Source: zeiler2014visualizing, Figure 1.
    """
    unknown = [name for name in layers if name not in UNDONE]
    if unknown or not layers:
        raise expected("layers", f"some of {', '.join(UNDONE)}", unknown[0] if unknown else "none")
    ax = axes_or_new(ax, (6.5, 0.58 * len(layers) + 1.3))
    width, height = SIZE
    rows = [
        ("image", "picture"),
        *((name, UNDONE[name]) for name in layers),
        ("activations", "one of them, the rest 0"),
    ]
    across = ((NETWORK - width / 2), (MIRROR + width / 2))
    for level, texts in enumerate(rows):
        y = level * (height + GAP) + height / 2
        for x, text, color in zip((NETWORK, MIRROR), texts, COLORS, strict=False):
            pen = Pen(color=color, width=1.4, dashed=text == "(left out)")
            box(ax, (x, y), SIZE, text, pen=pen, fontsize=10, rounding=0.12)
        if texts[0] == "max-pooling":
            arrow(ax, (across[0], y), (across[1], y), pen=Pen(color=COLORS[2], width=1.3))
            ax.text(sum(across) / 2, y + 0.08, "switches", ha="center", va="bottom",
                    color=COLORS[2], fontsize=10)  # fmt: skip
        if level == len(rows) - 1:
            arrow(ax, (across[0], y), (across[1], y), pen=Pen(color=BLACK, width=1.3))
            break
        low, high = y + height / 2, y + height / 2 + GAP
        arrow(ax, (NETWORK, low), (NETWORK, high), pen=Pen(color=COLORS[0], width=1.3))
        arrow(ax, (MIRROR, high), (MIRROR, low), pen=Pen(color=COLORS[1], width=1.3))
    shown = (MIRROR - width / 2 - 0.1, NETWORK + width / 2 + 0.1)
    return frame(ax, shown, (-0.1, y + height / 2 + 0.1), equal=False)


def beside(patches: Tensor, projections: Tensor) -> Tensor:
    """Put patches and what was projected from them into rows for `image_grid`.

    Shape: both (rows, k, 3, h, w), the result (rows * 2 k, 3, h, w): in each row the patches,
    then the projections, each of these stretched.

    Units: patches in bytes, the result from 0 to 1.

    Raises:
        ValueError: the shapes differ.
    """
    if patches.shape != projections.shape:
        raise expected("projections", f"shape {tuple(patches.shape)}", tuple(projections.shape))
    right = stretched(projections.flatten(0, 1)).view_as(projections)
    return torch.cat([patches.float() / 255, right], dim=1).flatten(0, 1)
