"""Spatial pyramid pooling: as many numbers for a map of any size."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected


class SpatialPyramidPool2d(nn.Module):
    """Divide each map into n x n cells, for several n, and keep the maximum of each cell.

    Cell i of n along an axis of length H reaches from floor(i H / n) to ceil((i + 1) H / n), so
    every value is in a cell and cells may share a row. On a map with fewer than n rows some cells
    are the same.

    Shape: input (N, C, H, W) of any H and W, output (N, C sum_n n^2): level by level as given, for
    each map after map, for each row by row.

    Raises:
        ValueError: `levels` is empty or has a number below 1, or the input is no batch of maps.

    Source: he2014spatial; the default are the levels of its networks for classification.

    Deviations: the paper's window of ceil(H/n) and stride of floor(H/n) do not always give n
        cells (H = 7, n = 4 gives six); the bounds here always do, and are the same where n divides
        H.
    """

    def __init__(self, levels: Sequence[int] = (6, 3, 2, 1)) -> None:
        super().__init__()
        if not levels:
            raise expected("levels", "at least one", levels)
        for level in levels:
            check_counts(levels=level)
        self.levels = tuple(levels)

    @property
    def cells(self) -> int:
        """The numbers that are made of each map."""
        return sum(level**2 for level in self.levels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maxima of all cells."""
        if x.dim() != 4 or 0 in x.shape:
            raise expected("input", "maps (N, C, H, W)", tuple(x.shape))
        return torch.cat([F.adaptive_max_pool2d(x, n).flatten(1) for n in self.levels], 1)

    def extra_repr(self) -> str:
        """Show the levels."""
        return f"levels={self.levels}"
