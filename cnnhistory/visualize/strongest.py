"""Which patches of which images a map of a trained network answers to most."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import unknown_id
from cnnhistory.accounting import summarize
from cnnhistory.visualize.deconvnet import chain, deconvnet, record


@dataclass(frozen=True)
class Strongest:
    """The k strongest answers of some maps, at most one for each image.

    Shape: all (maps, k), strongest first: the activations, the numbers of the images, and the rows
    and columns in the map.
    """

    values: Tensor
    images: Tensor
    rows: Tensor
    columns: Tensor


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; it may reach over the edges of the image.

    Units: pixels; `top` and `left` are the first row and column.
    """

    top: int
    left: int
    height: int
    width: int

    def inside(self, height: int, width: int) -> Box:
        """Return the part of the box that lies in an image of that size.

        >>> Box(-17, 40, 75, 75).inside(64, 64)
        Box(top=0, left=40, height=58, width=24)
        """
        top, left = max(self.top, 0), max(self.left, 0)
        bottom = min(self.top + self.height, height)
        right = min(self.left + self.width, width)
        return Box(top, left, max(bottom - top, 0), max(right - left, 0))


def strongest(
    network: nn.Sequential,
    images: Tensor,
    layer: str,
    maps: Tensor | None = None,
    k: int = 9,
    batch_size: int = 200,
) -> Strongest:
    """Find the images in which maps of a layer answer most, and where.

    Shape: images (N, C, H, W); `maps` (M,), by default all.

    Raises:
        KeyError, ValueError: see `record`.
        ValueError: `k` is not between 1 and the number of images.

    Source: zeiler2014visualizing, Section 4 and Figure 2: the nine strongest.
    """
    if not 1 <= k <= len(images):
        raise ValueError(f"k: expected 1 to {len(images)}, the number of images, got {k}")
    values, places, width = [], [], 0
    for batch in images.split(batch_size):
        output = record(network, batch, layer).output
        width = output.shape[3]
        best = (output if maps is None else output[:, maps]).flatten(2).max(dim=2)
        values.append(best.values)
        places.append(best.indices)
    top = torch.cat(values).T.topk(k, dim=1)  # (maps, k)
    where = torch.cat(places).T.gather(1, top.indices)
    rows = where.div(width, rounding_mode="floor")
    return Strongest(top.values, top.indices, rows, where % width)


def field_box(
    network: nn.Sequential, input_shape: tuple[int, int, int], layer: str, row: int, column: int
) -> Box:
    """Return the pixels that one unit of a layer sees.

    With field f and stride s of the layer the box is f pixels wide and starts at s * column - p,
    where p adds up the padding of all layers up to it, each times the stride of its input.

    Shape: input_shape (C, H, W).

    Raises:
        UnknownIdError: no layer of that name, a KeyError.
        ValueError: the network does not take such an image.

    >>> two = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(2))
    >>> field_box(two, (1, 8, 8), "1", 0, 3)
    Box(top=-1, left=5, height=4, width=4)
    """
    layers = dict(chain(network))
    if layer not in layers:
        raise unknown_id("layer", layer, layers)
    table = summarize(network, input_shape)
    step, pads = (1, 1), (0, 0)
    for name, module in chain(network):
        padding = pair(getattr(module, "padding", 0))
        pads = (pads[0] + padding[0] * step[0], pads[1] + padding[1] * step[1])
        stride = pair(getattr(module, "stride", 1))
        step = (step[0] * stride[0], step[1] * stride[1])
        if name == layer:
            break
    height, width = pair(table[layer].receptive_field)
    return Box(step[0] * row - pads[0], step[1] * column - pads[1], height, width)


def pair(value: object) -> tuple[int, int]:
    """Return the numbers for rows and columns of a setting that may be one for both."""
    rows, columns = value if isinstance(value, tuple) else (value, value)
    return int(rows), int(columns)


def cut(image: Tensor, box: Box, fill: float = 0.0) -> Tensor:
    """Cut a box out of an image; what lies outside the image gets one value.

    Shape: image (C, H, W), result (C, box.height, box.width).
    """
    patch = image.new_full((len(image), box.height, box.width), fill)
    height, width = image.shape[1:]
    rows = slice(max(box.top, 0), max(min(box.top + box.height, height), 0))
    columns = slice(max(box.left, 0), max(min(box.left + box.width, width), 0))
    inside = image[:, rows, columns]
    top, left = rows.start - box.top, columns.start - box.left
    patch[:, top : top + inside.shape[1], left : left + inside.shape[2]] = inside
    return patch


@dataclass(frozen=True)
class TopPatches:
    """The patches that maps answer to most, and what the deconvnet makes of them.

    Shape: both (maps, k, C, h, w), strongest first; h and w are the sides of the field of one
    unit, or of the image where that is smaller.
    """

    patches: Tensor
    projections: Tensor


def top_patches(
    network: nn.Sequential,
    images: Tensor,
    layer: str,
    maps: Tensor,
    k: int = 9,
    rule: str = "deconvnet",
    shown: Tensor | None = None,
) -> TopPatches:
    """Cut out what the strongest units of some maps saw, and project them back to pixels.

    Shape: images (N, C, H, W), maps (M,). Patches are cut out of `shown`, which has one picture
    for each image (say, in bytes for looking at); by default out of the images.

    Raises:
        KeyError, ValueError: see `strongest` and `Recording.project`.

    Source: zeiler2014visualizing, Figure 2.
    """
    top = strongest(network, images, layer, maps, k)
    shown = images if shown is None else shown
    size = (int(images.shape[2]), int(images.shape[3]))
    shape = (int(images.shape[1]), *size)
    first, second = (field_box(network, shape, layer, n, n) for n in (0, 1))
    pictures, projections = [], []
    for m, chosen in enumerate(top.images):
        back = deconvnet(network, images[chosen], layer, maps[m].expand(len(chosen)), rule)
        for at, image in enumerate(chosen.tolist()):
            row, column = int(top.rows[m, at]), int(top.columns[m, at])
            down, across = second.top - first.top, second.left - first.left
            box = replace(first, top=first.top + down * row, left=first.left + across * column)
            if box.height >= size[0] or box.width >= size[1]:
                box = Box(0, 0, *size)
            gray = 0.0 if shown.is_floating_point() else 128.0
            pictures.append(cut(shown[image], box, gray))
            projections.append(cut(back[at], box))
    grid = (len(maps), k)
    return TopPatches(
        torch.stack(pictures).unflatten(0, grid), torch.stack(projections).unflatten(0, grid)
    )
