"""ConvS2S: what a unit sees in encoder and decoder, and what a decoder attends to."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line
from cnnhistory.plotting.style import BLACK, COLORS, axes_or_new

_SIDE, _STEP, _RISE = 0.62, 0.95, 1.5  # side of a unit; from token to token; from layer to layer
_THIN, _FLOW = Pen(width=0.7), Pen(width=1.1, color=COLORS[1])


def encoder_and_decoder(
    source: Sequence[str], target: Sequence[str], kernels: Sequence[int], *, ax: Axes | None = None
) -> Axes:
    """Draw the layers of both sides, and in color what one unit of each can see.

    A unit of the encoder sees as many tokens on either side, one of the decoder none that comes
    later; an arrow leads from the encoder to every layer of the decoder.

    Args:
        source: tokens of the source.
        target: tokens that the decoder has read, BEGIN included.
        kernels: of the layers, the lowest one first; odd.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: no token, no layer, or an even kernel.

    Source: gehring2017convolutional, Figure 1.
    """
    if not source or not target or not kernels:
        raise expected("source, target, kernels", "at least one each", (source, target, kernels))
    if any(kernel < 1 or kernel % 2 == 0 for kernel in kernels):
        raise expected("kernels", "odd numbers", kernels)
    ax = axes_or_new(ax, (7, 3.4))
    shift = len(source) * _STEP + 1.2
    middle, last = len(source) // 2, len(target) - 1
    for tokens, chosen, left, causal in ((source, middle, 0.0, False), (target, last, shift, True)):
        seen = {chosen}
        for layer in range(len(kernels), -1, -1):
            for place, token in enumerate(tokens):
                at = (left + place * _STEP, layer * _RISE)
                face = COLORS[4] if place in seen else "white"
                text = token if layer == 0 else ""
                if layer == 0:
                    ax.text(at[0], at[1] - 0.6, text, ha="center", va="top", fontsize=8)
                box(ax, at, (_SIDE, _SIDE), face=face, pen=_THIN)
            if layer:
                reach = kernels[layer - 1]
                before = reach - 1 if causal else reach // 2
                after = 0 if causal else reach // 2
                below: set[int] = set()
                for place in seen:
                    for other in range(place - before, place + after + 1):
                        if 0 <= other < len(tokens):
                            below.add(other)
                            top = (left + place * _STEP, layer * _RISE - _SIDE / 2)
                            foot = (left + other * _STEP, (layer - 1) * _RISE + _SIDE / 2)
                            line(ax, [top, foot], pen=_THIN)
                seen = below
    height = len(kernels) * _RISE
    ax.text(middle * _STEP, height + 0.55, "encoder", ha="center", fontsize=9)
    ax.text(shift + last * _STEP / 2, height + 0.55, "decoder", ha="center", fontsize=9)
    edge = (len(source) - 1) * _STEP + _SIDE / 2
    for layer in range(1, len(kernels) + 1):
        arrow(ax, (edge, height), (shift - _SIDE / 2, layer * _RISE), pen=_FLOW)
    ax.text(
        (edge + shift) / 2, height + 0.35, "attention", ha="center", fontsize=9, color=COLORS[1]
    )
    right = shift + last * _STEP
    return frame(ax, (-0.6, right + 0.6), (-1.3, height + 1.0))


def attention_map(
    weights: Tensor, source: Sequence[str], target: Sequence[str], *, ax: Axes | None = None
) -> Axes:
    """Draw how much each token of a target attends to each token of the source.

    Shape: weights (T, S), as many rows as `target` and columns as `source` have tokens.

    Units: weights from 0, white, to 1, black.

    Raises:
        ValueError: weights of another shape.
    """
    if tuple(weights.shape) != (len(target), len(source)):
        raise expected("weights", f"shape {(len(target), len(source))}", tuple(weights.shape))
    ax = axes_or_new(ax, (3.5, 3.5))
    ax.imshow(weights.detach().numpy(), vmin=0, vmax=1, cmap="gray_r", aspect="auto")
    ax.set_xticks(range(len(source)), source, rotation=90, fontsize=8)
    ax.set_yticks(range(len(target)), target, fontsize=8)
    ax.tick_params(length=0, colors=BLACK)
    ax.grid(False)
    return ax
