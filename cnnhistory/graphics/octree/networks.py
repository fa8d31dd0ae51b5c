"""O-CNN: convolutional networks on the octants of a surface.

Source: P.-S. Wang, Y. Liu, Y.-X. Guo, C.-Y. Sun, X. Tong (2017) [wang2017ocnn], Section 4.
New: the network computes only at octants that the surface passes through, so that twice the
resolution costs four times as much and not eight times.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.graphics.octree.keys import DEEPEST
from cnnhistory.graphics.octree.layers import ConvUnit, PooledUnit
from cnnhistory.graphics.octree.ops import octree_max_unpool
from cnnhistory.graphics.octree.tree import Octree

LAST = 2  # depth of the last unit, which pools to the eight octants of depth 1
HIDDEN = 128  # units of the dense layer


def channels(depth: int) -> int:
    """Return how many channels a unit has: 2^max(1, 9 - depth).

    Source: wang2017ocnn, Section 4.

    >>> [channels(depth) for depth in (2, 3, 4, 5, 6, 7, 8)]
    [128, 64, 32, 16, 8, 4, 2]
    """
    return 2 ** max(1, 9 - depth)


def check_octree(octree: object, depth: int) -> None:
    """Refuse what is not an octree of a depth.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(octree, Octree):
        raise expected("octree", f"an octree of depth {depth}", type(octree).__name__)
    if octree.depth != depth or octree.full_depth < 1:
        raise expected(
            "octree",
            f"depth {depth}, full at depth 1",
            f"depth {octree.depth}, full at depth {octree.full_depth}",
        )


def dense_layer(inputs: int, dropout: float) -> nn.Sequential:
    """Return the layer of 128 units that describes a shape, behind dropout."""
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(inputs, HIDDEN, bias=False),
        nn.BatchNorm1d(HIDDEN),
        nn.ReLU(),
    )


class OCNN(nn.Module):
    """O-CNN(d): name the class of a shape from the normals in the finest octants.

    `U_d, U_{d-1}, ..., U_2`, each of them convolution, batch normalization, ReLU and max pooling;
    then dropout, a dense layer of 128 units, dropout and a dense layer of classes. After `U_2`
    eight octants are left.

    Shape: a batch of N octrees of depth d; scores (N, num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: `depth` is not from 2 to 10, a number is below 1, `dropout` is not from 0 to
            1, or the octrees have another depth.

    Source: wang2017ocnn, Section 4.

    Deviations: the dense layer is followed by batch normalization and ReLU, of which the paper
        does not speak; the authors' later code has them.
    """

    def __init__(
        self, depth: int, num_classes: int, in_channels: int = 3, dropout: float = 0.5
    ) -> None:
        super().__init__()
        check_integer("depth", depth, LAST, DEEPEST)
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        self.depth = depth
        widths = [in_channels, *(channels(level) for level in range(depth, LAST - 1, -1))]
        self.units = nn.ModuleList(
            PooledUnit(inputs, outputs) for inputs, outputs in pairwise(widths)
        )
        self.dense = dense_layer(8 * widths[-1], dropout)
        self.scores = nn.Sequential(nn.Dropout(dropout), nn.Linear(HIDDEN, num_classes))

    def forward(self, octree: Octree) -> Tensor:
        """Score the classes."""
        return self.scores(self.describe(octree))

    def describe(self, octree: Octree) -> Tensor:
        """Return what the dense layer says of each shape: by it similar shapes are found.

        Shape: (N, 128).
        """
        check_octree(octree, self.depth)
        x = octree.signal
        for level, unit in zip(range(self.depth, LAST - 1, -1), self.units, strict=True):
            x, _ = unit(x, octree, level)
        return self.dense(x.view(len(octree), -1))


class OCNNSegmentation(nn.Module):
    """Name the part that each octant of a surface belongs to.

    An O-CNN without its head, then its mirror image: at each depth from 2 down, unpooling to where
    the largest values came from, convolution, batch normalization and ReLU. A linear layer scores
    the parts at the finest depth.

    Shape: a batch of octrees of depth d with m occupied octants at that depth; scores (m, parts),
    in their order.

    Raises:
        ValueError: `depth` is not from 2 to 10, a number is below 1, or the octrees have another
            depth.

    Source: wang2017ocnn, Section 4 (shape segmentation).

    Deviations: without the dense conditional random field that follows in the paper.
    """

    def __init__(self, depth: int, parts: int, in_channels: int = 3) -> None:
        super().__init__()
        check_integer("depth", depth, LAST, DEEPEST)
        check_counts(parts=parts, in_channels=in_channels)
        self.depth = depth
        widths = [in_channels, *(channels(level) for level in range(depth, LAST - 1, -1))]
        self.units = nn.ModuleList(
            PooledUnit(inputs, outputs) for inputs, outputs in pairwise(widths)
        )
        back = [*widths[:0:-1], widths[1]]
        self.back = nn.ModuleList(ConvUnit(inputs, outputs) for inputs, outputs in pairwise(back))
        self.scores = nn.Linear(widths[1], parts)

    def forward(self, octree: Octree) -> Tensor:
        """Score the parts at the occupied octants of the last depth."""
        check_octree(octree, self.depth)
        x, switches = octree.signal, dict[int, Tensor]()
        for level, unit in zip(range(self.depth, LAST - 1, -1), self.units, strict=True):
            x, switches[level] = unit(x, octree, level)
        for level, unit in zip(range(LAST, self.depth + 1), self.back, strict=True):
            x = unit(octree_max_unpool(x, switches[level], octree, level - 1), octree, level)
        return self.scores(x[octree.occupied(self.depth)])


def o_cnn5(num_classes: int = 40) -> OCNN:
    """O-CNN(5): cells of 1/32 of the cube."""
    return OCNN(5, num_classes)


def o_cnn6(num_classes: int = 40) -> OCNN:
    """O-CNN(6): cells of 1/64 of the cube."""
    return OCNN(6, num_classes)
