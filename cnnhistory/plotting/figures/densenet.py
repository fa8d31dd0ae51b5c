"""DenseNet: a block with all its links, and how strong the links of a trained one are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import COLORS, GRAY, axes_or_new
from cnnhistory.plotting.svg import WIDEST

STEP, LAYER, MAP = 2.0, (0.9, 0.7), 0.26  # between layers; a layer; side of a map
DEEPEST, STRONGEST = -0.95, 2.0  # where stacks of maps begin; the end of the scale of strengths
SOURCES = (GRAY, *COLORS[:-1])


def dense_block(
    layers: int = 4, inputs: int = 3, growth: int = 2, *, ax: Axes | None = None
) -> Axes:
    """Draw a dense block: every layer, its links to all later ones, and the maps that it reads.

    Args:
        layers: of the block.
        inputs: maps that come in.
        growth: maps that each layer adds.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: a number is below 1, or there are more layers than colors.

    Source: huang2017densely, Figure 1.
    """
    if min(layers, inputs, growth) < 1:
        raise expected("layers, inputs, growth", "at least 1 each", (layers, inputs, growth))
    if layers >= len(SOURCES):
        raise expected("layers", f"at most {len(SOURCES) - 1}", layers)
    ax = axes_or_new(ax, (WIDEST, 3.4))
    half, top = LAYER[0] / 2, LAYER[1] / 2
    for reader in range(1, layers + 2):
        x = reader * STEP
        for source in range(reader):
            pen, start = Pen(color=SOURCES[source], width=1.2), source * STEP
            if source == reader - 1:
                arrow(ax, (start + half, 0), (x - half, 0), pen=pen, head=7)
            else:
                bend = -0.42 + 0.02 * (reader - source)
                end = x - half + 0.18 * (source + 1) if reader <= layers else x - half
                arrow(ax, (start, top), (end, top), pen=pen, head=7, bend=bend)
    texts = ["input", *[f"$H_{n}$" for n in range(1, layers + 1)], "next"]
    for place, text in enumerate(texts):
        color = SOURCES[place] if place <= layers else GRAY
        pen = Pen(color=color, width=1.6, dashed=place > layers)
        box(ax, (place * STEP, 0), LAYER, text, pen=pen, zorder=3)
    for reader in range(1, layers + 2):
        x, y = reader * STEP, DEEPEST
        for source in range(reader):
            for _ in range(growth if source else inputs):
                face = SOURCES[source]
                box(ax, (x, y), (MAP, MAP), face=face, pen=Pen(color=face, width=0.4))
                y -= MAP + 0.05
        line(ax, ((x, -top), (x, DEEPEST + MAP / 2)), pen=Pen(color=GRAY, width=0.8))
        ax.text(x + 0.28, DEEPEST, f"reads {inputs + growth * (reader - 1)}", va="center",
                fontsize=9)  # fmt: skip
    deep = DEEPEST - (MAP + 0.05) * (inputs + growth * layers)
    return frame(ax, (-0.7, (layers + 1) * STEP + 1.3), (deep, 0.24 * STEP * layers + 0.9))


def link_map(
    strengths: Mapping[tuple[int, int], float], behind: str = "next", *, ax: Axes | None = None
) -> Axes:
    """Draw how strongly each layer of a block reads each source, as colors.

    Blue is weaker than the mean of the reader's weights, white the mean, red stronger. Source 0
    is the block's input; the last reader stands behind the block.

    Args:
        strengths: by (source, reader), see `visualize.reuse.Link`.
        behind: what the last reader is called.
        ax: where to draw; default: a new figure.

    Units: strengths are multiples of the reader's mean; what is above 2 looks like 2.

    Raises:
        ValueError: there is no link.

    Source: huang2017densely, Figure 5.
    """
    if not strengths:
        raise expected("strengths", "at least one link", dict(strengths))
    size = max(reader for _, reader in strengths)
    table = np.full((size, size), np.nan)
    for (source, reader), strength in strengths.items():
        table[source, reader - 1] = strength
    ax = axes_or_new(ax, (3, 3))
    ax.imshow(table, cmap="RdBu_r", vmin=0, vmax=STRONGEST)
    ax.grid(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xticks(range(size), [*map(str, range(1, size)), behind])
    ax.set_yticks(range(size), ["input", *map(str, range(1, size))])
    ax.set(xlabel="reader", ylabel="source")
    return ax
