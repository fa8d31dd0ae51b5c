"""Grids of color pictures: patches, and what a network projects back to them."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor


def color_grid(
    images: Tensor,
    titles: Sequence[str] | None = None,
    columns: int = 8,
    cell: float = 1.0,
    rows: Sequence[str] | None = None,
) -> Figure:
    """Draw color images side by side.

    Shape: images (N, 3, H, W).

    Units: values from 0 to 1 as floats, or bytes. `cell` is the side of one image in inches.
    `titles` stand above the images, `rows` to the left of each row.

    Raises:
        ValueError: no color images, not one title per image or not one name per row.
    """
    if images.dim() != 4 or images.shape[1] != 3 or len(images) == 0:
        raise ValueError(
            f"images: expected shape (N, 3, H, W) with N > 0, got {tuple(images.shape)}"
        )
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"titles: expected {len(images)}, got {len(titles)}")
    columns = min(columns, len(images))
    height = math.ceil(len(images) / columns)
    if rows is not None and len(rows) != height:
        raise ValueError(f"rows: expected {height}, got {len(rows)}")
    above = 0.28 if titles is not None else 0.0
    left = 1.1 if rows is not None else 0.0
    size = (left + columns * cell, height * (cell + above))
    # Equal cells need no layout engine, which would take a second for a few dozen images.
    figure, axes = plt.subplots(
        height, columns, figsize=size, squeeze=False, layout="none",
        gridspec_kw={
            "left": left / size[0], "right": 1, "bottom": 0, "top": 1 - above / size[1],
            "wspace": 0.08, "hspace": 0.08 + above / cell,
        },
    )  # fmt: skip
    for ax in axes.flat:
        ax.set_axis_off()
    for index, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        show_color(ax, image)
        if titles is not None:
            ax.set_title(titles[index], fontsize=9, pad=2)
    for ax, name in zip(axes[:, 0], rows or (), strict=False):
        ax.text(-0.08, 0.5, name, transform=ax.transAxes, ha="right", va="center", fontsize=9)
    return figure


def show_color(ax: Axes, image: Tensor) -> Axes:
    """Draw one color image without axes.

    Shape: image (3, H, W).

    Units: values from 0 to 1 as floats (what lies outside is cut off), or bytes.
    """
    picture = image.detach().cpu()
    if picture.is_floating_point():
        picture = picture.clamp(0, 1)
    ax.imshow(picture.permute(1, 2, 0).numpy(), interpolation="nearest")
    ax.set_axis_off()
    return ax


def stretched(images: Tensor) -> Tensor:
    """Bring signed pictures, such as filters and projections, to the range from 0 to 1.

    Zero becomes middle gray, the largest magnitude of each picture black or white.

    Shape: images (N, C, H, W), result the same.
    """
    largest = images.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    return 0.5 + 0.5 * images / largest


def beside(patches: Tensor, projections: Tensor) -> Tensor:
    """Put patches and what was projected from them into rows for `color_grid`.

    Shape: both (rows, k, 3, h, w), the result (rows * 2 k, 3, h, w): in each row the patches,
    then the projections, each of these stretched.

    Units: patches in bytes, the result from 0 to 1.

    Raises:
        ValueError: the shapes differ.
    """
    if patches.shape != projections.shape:
        raise ValueError(
            f"projections: expected shape {tuple(patches.shape)}, got {tuple(projections.shape)}"
        )
    right = stretched(projections.flatten(0, 1)).view_as(projections)
    return torch.cat([patches.float() / 255, right], dim=1).flatten(0, 1)
