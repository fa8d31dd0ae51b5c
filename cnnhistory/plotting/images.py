"""Grids of small pictures: filters, feature maps, digits."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor


def image_grid(
    images: Tensor,
    titles: Sequence[str] | None = None,
    columns: int = 8,
    cell: float = 1.0,
    symmetric: bool = False,
    shared_range: bool = True,
) -> Figure:
    """Draw one-channel images side by side.

    Shape: images (N, H, W).

    Units: `cell` is the side of one image in inches. With `symmetric`, blue is negative, white is
    zero and red is positive; else white is the smallest value and black the largest. With
    `shared_range`, equal shades mean equal values in all images.

    Raises:
        ValueError: another number of dimensions, no image, or not one title per image.
    """
    if images.dim() != 3 or len(images) == 0:
        raise ValueError(f"images: expected shape (N, H, W) with N > 0, got {tuple(images.shape)}")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles: expected {len(images)}, got {len(titles)}")
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    title_height = 0.28 if titles is not None else 0.0
    # Equal cells need no layout engine, which would take a second for a few dozen images.
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(columns * cell, rows * (cell + title_height)),
        squeeze=False,
        layout="none",
        gridspec_kw={
            "left": 0,
            "right": 1,
            "bottom": 0,
            "top": 1 - title_height / (rows * (cell + title_height)),
            "wspace": 0.08,
            "hspace": 0.08 + title_height / cell,
        },
    )
    images = images.detach().cpu()
    for ax in axes.flat:
        ax.set_axis_off()
    for index, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        low, high = _range(images if shared_range else image, symmetric)
        ax.imshow(image.numpy(), vmin=low, vmax=high, cmap="RdBu_r" if symmetric else "gray_r")
        if titles is not None:
            ax.set_title(titles[index], fontsize=9, pad=2)
    return figure


def _range(values: Tensor, symmetric: bool) -> tuple[float, float]:
    if symmetric:
        bound = float(values.abs().max()) or 1.0
        return -bound, bound
    return float(values.min()), float(values.max())


def connection_table(links: Tensor, ax: Axes | None = None) -> Axes:
    """Draw which input maps each output map reads, as the paper's table does.

    Shape: links (output maps, input maps), boolean.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(0.42 * links.shape[0] + 1, 0.42 * links.shape[1] + 0.9))
    ax.imshow(links.T.cpu().numpy(), cmap="Blues", vmin=0, vmax=1.4)
    for out, source in links.nonzero().tolist():
        ax.text(out, source, "x", ha="center", va="center", color="white", fontweight="bold")
    ax.set_xticks(range(links.shape[0]))
    ax.set_yticks(range(links.shape[1]))
    ax.set_xlabel("output map")
    ax.set_ylabel("input map")
    ax.grid(False)
    ax.set_xticks([x - 0.5 for x in range(links.shape[0] + 1)], minor=True)
    ax.set_yticks([y - 0.5 for y in range(links.shape[1] + 1)], minor=True)
    ax.grid(True, which="minor", color="white", linewidth=2, alpha=1)
    ax.tick_params(which="minor", length=0)
    return ax
