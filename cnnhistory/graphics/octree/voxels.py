"""The same networks on all cells of a grid: the baseline, for which every cell costs as much."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import check_integer
from cnnhistory.graphics.octree.networks import HIDDEN, LAST, channels, check_octree, dense_layer
from cnnhistory.graphics.octree.ops import from_grid, to_grid
from cnnhistory.graphics.octree.tree import Octree

LARGEST = 7  # 128 cells a side: more do not fit in memory


def _unit(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm3d(outputs), nn.ReLU()
    )


class VoxelCNN(nn.Module):
    """Name the class of a shape from the normals in a grid of 2^depth cells a side.

    Layer by layer an `OCNN` of the same depth, with dense convolutions over all cells.

    Shape: a batch of N octrees of that depth, which are written into grids; scores
    (N, num_classes).

    Raises:
        ValueError: `depth` is not from 2 to 7, a number is below 1, `dropout` is not from 0 to 1,
            or the octrees have another depth.

    Source: wang2017ocnn, Section 5.1 (full voxels with normals).
    """

    def __init__(
        self, depth: int, num_classes: int, in_channels: int = 3, dropout: float = 0.5
    ) -> None:
        super().__init__()
        check_integer("depth", depth, LAST, LARGEST)
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        self.depth = depth
        widths = [in_channels, *(channels(level) for level in range(depth, LAST - 1, -1))]
        self.units = nn.ModuleList(
            nn.Sequential(_unit(inputs, outputs), nn.MaxPool3d(2))
            for inputs, outputs in pairwise(widths)
        )
        self.dense = dense_layer(8 * widths[-1], dropout)
        self.scores = nn.Sequential(nn.Dropout(dropout), nn.Linear(HIDDEN, num_classes))

    def forward(self, octree: Octree) -> Tensor:
        """Score the classes."""
        return self.scores(self.describe(octree))

    def describe(self, octree: Octree) -> Tensor:
        """Return what the dense layer says of each shape, (N, 128)."""
        check_octree(octree, self.depth)
        x = to_grid(octree.signal, octree, self.depth)
        for unit in self.units:
            x = unit(x)
        # cell by cell, as the octants stand
        return self.dense(x.permute(0, 2, 3, 4, 1).flatten(1))


class VoxelSegmentation(nn.Module):
    """Name the part of each cell: an `OCNNSegmentation` on all cells of a grid.

    Shape: a batch of octrees of that depth with m occupied octants; scores (m, parts).

    Raises:
        ValueError: `depth` is not from 2 to 7, a number is below 1, or the octrees have another
            depth.

    Source: as `VoxelCNN`.
    """

    def __init__(self, depth: int, parts: int, in_channels: int = 3) -> None:
        super().__init__()
        check_integer("depth", depth, LAST, LARGEST)
        check_counts(parts=parts, in_channels=in_channels)
        self.depth = depth
        widths = [in_channels, *(channels(level) for level in range(depth, LAST - 1, -1))]
        self.units = nn.ModuleList(map(_unit, widths[:-1], widths[1:]))
        back = [*widths[:0:-1], widths[1]]
        self.back = nn.ModuleList(map(_unit, back[:-1], back[1:]))
        self.pool, self.unpool = nn.MaxPool3d(2, return_indices=True), nn.MaxUnpool3d(2)
        self.scores = nn.Linear(widths[1], parts)

    def forward(self, octree: Octree) -> Tensor:
        """Score the parts at the occupied cells."""
        check_octree(octree, self.depth)
        x, switches = to_grid(octree.signal, octree, self.depth), list[Tensor]()
        for unit in self.units:
            x, switch = self.pool(unit(x))
            switches.append(switch)
        for unit in self.back:
            x = unit(self.unpool(x, switches.pop()))
        rows = from_grid(x, octree, self.depth)
        return self.scores(rows[octree.occupied(self.depth)])
