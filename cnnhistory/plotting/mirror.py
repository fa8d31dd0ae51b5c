"""The deconvnet as a picture: a chain of layers on its way up, and its mirror on the way down."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from cnnhistory.plotting.style import COLORS

# How a kind of layer is undone; response normalization is left out.
UNDONE = {
    "convolution": "transposed convolution",
    "ReLU": "ReLU",
    "max-pooling": "unpooling",
    "normalization": "(left out)",
}
WIDTH, HEIGHT, GAP = 3.2, 0.62, 0.46
LEFT, RIGHT = 4.4, 0.0  # the network stands on the right, as in the paper


def mirror(layers: Sequence[str], ax: Axes | None = None) -> Axes:
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
        got = unknown[0] if unknown else "none"
        raise ValueError(f"layers: expected some of {', '.join(UNDONE)}, got {got}")
    if ax is None:
        _, ax = plt.subplots(figsize=(6.5, 0.58 * len(layers) + 1.3))
    step = HEIGHT + GAP
    top = step * (len(layers) + 1)
    _box(ax, LEFT, 0, "image", COLORS[0])
    _box(ax, RIGHT, 0, "picture", COLORS[1])
    for level, name in enumerate(layers, start=1):
        y = level * step
        _box(ax, LEFT, y, name, COLORS[0])
        _box(ax, RIGHT, y, UNDONE[name], COLORS[1], dashed=name == "normalization")
        if name == "max-pooling":
            start, end = (LEFT, y + HEIGHT / 2), (RIGHT + WIDTH, y + HEIGHT / 2)
            _arrow(ax, start, end, COLORS[2])
            middle = ((LEFT + RIGHT + WIDTH) / 2, y + HEIGHT / 2 + 0.08)
            ax.text(*middle, "switches", ha="center", va="bottom", color=COLORS[2], fontsize=10)
    _box(ax, LEFT, top, "activations", COLORS[0])
    _box(ax, RIGHT, top, "one of them, the rest 0", COLORS[1])
    _arrow(ax, (LEFT, top + HEIGHT / 2), (RIGHT + WIDTH, top + HEIGHT / 2), COLORS[-1])
    for level in range(len(layers) + 1):
        y = level * step + HEIGHT
        _arrow(ax, (LEFT + WIDTH / 2, y), (LEFT + WIDTH / 2, y + GAP), COLORS[0])
        _arrow(ax, (RIGHT + WIDTH / 2, y + GAP), (RIGHT + WIDTH / 2, y), COLORS[1])
    ax.set_xlim(RIGHT - 0.1, LEFT + WIDTH + 0.1)
    ax.set_ylim(-0.1, top + HEIGHT + 0.1)
    ax.set_axis_off()
    return ax


def _box(ax: Axes, x: float, y: float, text: str, color: str, dashed: bool = False) -> None:
    style = "--" if dashed else "-"
    box = FancyBboxPatch(
        (x, y), WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=0.12", fc="white", ec=color,
        lw=1.4, ls=style,
    )  # fmt: skip
    ax.add_patch(box)
    ax.text(x + WIDTH / 2, y + HEIGHT / 2, text, ha="center", va="center", fontsize=10)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": color, "lw": 1.3})
