"""Pictures side by side: digits, filters, maps, patches in color."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.style import BLACK, axes_or_new
from cnnhistory.plotting.svg import WIDEST


def show_image(
    image: Tensor,
    *,
    limits: tuple[float, float] | None = None,
    colormap: str = "gray_r",
    ax: Axes | None = None,
) -> Axes:
    """Draw one image without axes.

    Shape: image (H, W), or (3, H, W) in colors.

    Units: colors from 0 to 1 as floats (what lies outside is cut off), or bytes. For one channel
    `limits` are the values at the ends of `colormap`; default: the smallest and the largest.

    Raises:
        ValueError: an image of another shape.
    """
    if image.dim() != 2 and (image.dim() != 3 or image.shape[0] != 3):
        raise expected("image", "shape (H, W) or (3, H, W)", tuple(image.shape))
    ax = axes_or_new(ax, (3, 3))
    picture = image.detach().cpu()
    if image.dim() == 2:
        low, high = limits or (None, None)
        ax.imshow(picture.numpy(), vmin=low, vmax=high, cmap=colormap)
    else:
        if picture.is_floating_point():
            picture = picture.clamp(0, 1)
        ax.imshow(picture.permute(1, 2, 0).numpy(), interpolation="nearest")
    ax.set_axis_off()
    return ax


def image_grid(
    images: Tensor,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    rows: Sequence[str] | None = None,
    cell: float = 1.0,
    symmetric: bool = False,
    shared_range: bool = True,
) -> npt.NDArray[np.object_]:
    """Draw images side by side, each on axes of its own, and return the array of these axes.

    Shape: images (N, H, W), or (N, 3, H, W) in colors; the result (rows, columns), where the
    last axes may be empty.

    Units: `cell` is the side of one image in inches, less where a page has no room. Of one
    channel, white is the smallest value and black the largest, or with `symmetric` blue is
    negative, white zero and red positive; with `shared_range`, equal shades mean equal values in
    all images. Colors go from 0 to 1 as floats, or are bytes.

    Args:
        images: what to draw.
        titles: one above each image.
        columns: images in a row.
        rows: one to the left of each row.
        cell: side of an image.
        symmetric: for images of one channel: signed values.
        shared_range: for images of one channel: one scale for all.

    Raises:
        ValueError: images of another shape or none, no column, not one title for each image or
            not one name for each row, or `symmetric` with colors.
    """
    columns, height = _layout(images, columns, titles)
    if symmetric and images.dim() == 4:
        raise expected("symmetric", "False for images in colors", symmetric)
    if rows is not None and len(rows) != height:
        raise expected("rows", str(height), len(rows))
    above = 0.28 if titles is not None else 0.0
    left = 1.1 if rows is not None else 0.0
    cell = min(cell, (WIDEST - left) / columns)
    size = (left + columns * cell, height * (cell + above))
    # Equal cells need no layout engine, which would take a second for a few dozen images.
    _, axes = plt.subplots(
        height, columns, figsize=size, squeeze=False, layout="none",
        gridspec_kw={
            "left": left / size[0], "right": 1, "bottom": 0, "top": 1 - above / size[1],
            "wspace": 0.08, "hspace": 0.08 + above / cell,
        },
    )  # fmt: skip
    for ax in axes.flat:
        ax.set_axis_off()
    images = images.detach().cpu()
    for index, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        limits = _range(images if shared_range else image, symmetric)
        show_image(image, limits=limits, colormap="RdBu_r" if symmetric else "gray_r", ax=ax)
        if titles is not None:
            ax.set_title(titles[index], fontsize=9, pad=2)
    for ax, name in zip(axes[:, 0], rows or (), strict=False):
        ax.text(-0.08, 0.5, name, transform=ax.transAxes, ha="right", va="center", fontsize=9)
    return axes


def tiles(
    images: Tensor,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    ax: Axes | None = None,
) -> Axes:
    """Draw many tiny images, such as kernels, side by side on one axes.

    Shape: images (N, H, W), or (N, 3, H, W) in colors.

    Units: 0 is black, or none of a color, and 1 is white, or all of it.

    Raises:
        ValueError: images of another shape or none, no column, or not one title for each image.
    """
    columns, rows = _layout(images, columns, titles)
    height, width = images.shape[-2:]
    gap = 0.35 * width if titles is None else 0.75 * width
    right = (columns - 1) * 1.35 * width + width
    bottom = (rows - 1) * (height + gap) + height
    ax = axes_or_new(ax, (WIDEST, WIDEST * (bottom + gap) / right))
    for index, image in enumerate(images.detach().cpu()):
        row, column = divmod(index, columns)
        left, top = column * 1.35 * width, row * (height + gap)
        picture = image if image.dim() == 2 else image.permute(1, 2, 0)
        ax.imshow(
            picture.numpy(), cmap="gray", vmin=0, vmax=1,
            extent=(left, left + width, top + height, top), interpolation="nearest",
        )  # fmt: skip
        outline = [left, left + width, left + width, left, left]
        ax.plot(outline, [top, top, top + height, top + height, top], color=BLACK, lw=0.7)
        if titles is not None:
            ax.text(left + width / 2, top - 0.1 * height, titles[index], ha="center", va="bottom",
                    fontsize=8)  # fmt: skip
    ax.set(xlim=(-0.2 * width, right + 0.2 * width), ylim=(bottom + 0.2 * height, -gap))
    ax.set_axis_off()
    return ax


def connection_table(links: Tensor, *, ax: Axes | None = None) -> Axes:
    """Draw which input maps each output map reads, as LeNet's papers do.

    Shape: links (output maps, input maps), boolean.

    Raises:
        ValueError: links of another shape or without a map.
    """
    if links.dim() != 2 or not links.numel():
        raise expected("links", "shape (output maps, input maps)", tuple(links.shape))
    outputs, inputs = links.shape
    cell = min(0.42, (WIDEST - 1) / outputs)
    ax = axes_or_new(ax, (cell * outputs + 1, cell * inputs + 0.9))
    ax.imshow(links.T.cpu().numpy(), cmap="Blues", vmin=0, vmax=1.4)
    for out, source in links.nonzero().tolist():
        ax.text(out, source, "x", ha="center", va="center", color="white", fontweight="bold")
    ax.set(xlabel="output map", ylabel="input map")
    ax.set(xticks=range(outputs), yticks=range(inputs))
    ax.grid(False)
    ax.set_xticks([x - 0.5 for x in range(outputs + 1)], minor=True)
    ax.set_yticks([y - 0.5 for y in range(inputs + 1)], minor=True)
    ax.grid(True, which="minor", color="white", linewidth=2, alpha=1)
    ax.tick_params(which="minor", length=0)
    return ax


def stretched(images: Tensor) -> Tensor:
    """Bring signed pictures, such as filters and projections, to the range from 0 to 1.

    Zero becomes middle gray, the largest magnitude of each picture black or white.

    Shape: images (N, C, H, W), result the same.
    """
    largest = images.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1e-12)
    return 0.5 + 0.5 * images / largest


def _layout(images: Tensor, columns: int, titles: Sequence[str] | None) -> tuple[int, int]:
    """Return the columns and rows of a grid, once its arguments are sound."""
    shape = tuple(images.shape)
    if len(shape) not in (3, 4) or shape[0] == 0 or (len(shape) == 4 and shape[1] != 3):
        raise expected("images", "shape (N, H, W) or (N, 3, H, W) with N > 0", shape)
    if columns < 1:
        raise expected("columns", "at least 1", columns)
    if titles is not None and len(titles) != len(images):
        raise expected("titles", str(len(images)), len(titles))
    columns = min(columns, len(images))
    return columns, math.ceil(len(images) / columns)


def _range(values: Tensor, symmetric: bool) -> tuple[float, float]:
    if symmetric:
        bound = float(values.abs().max()) or 1.0
        return -bound, bound
    return float(values.min()), float(values.max())
