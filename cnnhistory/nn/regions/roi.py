"""RoI pooling: as many numbers for a box of any size."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import expected


class RoIPool2d(nn.Module):
    """Divide each box of a map into n x n cells and keep the maximum of each cell.

    A box (x1, y1, x2, y2) in pixels of the image becomes whole places of the map: round(scale x1)
    to round(scale x2), the last place included, and y likewise. Of the w places across, cell i has
    floor(i w / n) to ceil((i + 1) w / n). What a box has beyond the edge of the map does not count;
    a cell without any place gives 0. The gradient goes to the place of the maximum.

    Shape: maps (N, C, H, W); boxes (R, 5), each the index of its image and x1, y1, x2, y2; output
    (R, C, n, n).

    Units: boxes in pixels of the image, of which `scale` is one place of the map (1/16 for VGG-16).

    Raises:
        ValueError: `size` is below 1 or `scale` not positive; the maps or boxes have another
            shape; a box has a coordinate that is no number, ends before it begins, lies outside
            the image or belongs to no image of the batch.

    Source: girshick2015fast, Section 2.1.
    """

    def __init__(self, size: int = 7, scale: float = 1 / 16) -> None:
        super().__init__()
        check_counts(size=size)
        check_finite("scale", scale, positive=True)
        self.size, self.scale = size, scale

    def forward(self, maps: Tensor, boxes: Tensor) -> Tensor:
        """Return the maxima of the cells of every box."""
        if maps.dim() != 4:
            raise expected("maps", "(N, C, H, W)", tuple(maps.shape))
        if boxes.dim() != 2 or boxes.shape[1] != 5:
            raise expected("boxes", "(R, 5): image, x1, y1, x2, y2", tuple(boxes.shape))
        places = self.places(boxes, maps)
        if not places:
            return maps.new_zeros(0, maps.shape[1], self.size, self.size)
        return torch.stack([self._pool(maps[n], *place) for n, *place in places])

    def places(self, boxes: Tensor, maps: Tensor) -> list[tuple[int, int, int, int, int]]:
        """Return for each box its image and the places x1, y1, x2, y2, the last ones included."""
        height, width = maps.shape[2:]
        found = []
        for box in boxes.tolist():
            image, x1, y1, x2, y2 = box
            if image % 1 or not 0 <= image < len(maps):
                raise expected("boxes", f"an image from 0 to {len(maps) - 1}", image)
            if not (x1 <= x2 and y1 <= y2):  # NaN is refused, too
                raise expected("boxes", "x1 <= x2 and y1 <= y2", box[1:])
            if not math.isfinite(x1 + y1 + x2 + y2):
                raise expected("boxes", "finite coordinates", box[1:])
            # half away from zero, as in C, and not to the nearest even number
            left, top, right, bottom = (int(self.scale * v + 0.5) for v in (x1, y1, x2, y2))
            if min(x1, y1) < 0 or left >= width or top >= height:
                raise expected("boxes", f"boxes on maps of {width}x{height}", box[1:])
            found.append((int(image), left, top, right, bottom))
        return found

    def _pool(self, maps: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
        crop = maps[:, top : bottom + 1, left : right + 1]  # (C, h, w), less beyond the edge
        beyond = (0, right + 1 - left - crop.shape[2], 0, bottom + 1 - top - crop.shape[1])
        if any(beyond):
            crop = F.pad(crop, beyond, value=float("-inf"))
        cells = F.adaptive_max_pool2d(crop, self.size)
        return cells.masked_fill(cells == float("-inf"), 0) if any(beyond) else cells

    def extra_repr(self) -> str:
        """Show the cells and the scale."""
        return f"size={self.size}, scale={self.scale:g}"
