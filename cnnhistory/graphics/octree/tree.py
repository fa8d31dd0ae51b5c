"""The octree: at each depth a sorted list of octants, and who is whose child and neighbor.

Source: P.-S. Wang, Y. Liu, Y.-X. Guo, C.-Y. Sun, X. Tong (2017) [wang2017ocnn], Section 3.
New: all octants of a depth stand in one array, the eight children of an octant next to each other,
so that a convolutional network runs on the octants of a surface only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.graphics.octree.keys import DEEPEST, cells_of, morton
from cnnhistory.graphics.octree.neighbors import blocks_of, root_neighbors, steps
from cnnhistory.graphics.octree.points import PointCloud

FULL_DEPTH = 2


@dataclass(frozen=True, eq=False)
class Octree:
    """A batch of octrees of the same depth, as tables.

    An octant with points in it is divided into its eight children, all of which are kept, with
    points or without, down to the last depth; an octant without points is divided above
    `full_depth` only. At depth d the octants are sorted by `shape · 8^d + key`, where `shape` is
    the place of its cloud in the batch: the eight children of an octant are neighbors in the list,
    and the list of a depth down to `full_depth` has every octant there can be.

    Shape: for each depth d with n octants: `keys[d]` (n,) with the shape, see above; `children[d]`
    (n,) the index of the first child at depth d + 1, -1 where there is none. At the last depth
    `signal` (n, 3) is the mean of the normals of the points in each octant, 0 where it has none,
    and `counts` (n,) the number of points; `octant_of` (points,) is the octant of each point, the
    clouds one after the other; `labels` (n,) the most frequent label of its points, -1 where there
    are none, None where the clouds have no labels.

    Source: wang2017ocnn, Section 3.1.
    """

    shapes: int
    full_depth: int
    keys: tuple[Tensor, ...]
    children: tuple[Tensor, ...]
    signal: Tensor
    counts: Tensor
    octant_of: Tensor
    labels: Tensor | None = None
    _tables: dict[tuple[str, int], Tensor] = field(default_factory=dict, repr=False)

    @property
    def depth(self) -> int:
        """The last depth: a side of the cube has 2^depth octants of that depth."""
        return len(self.keys) - 1

    @property
    def device(self) -> torch.device:
        """Where the tables are."""
        return self.signal.device

    def __len__(self) -> int:
        return self.shapes

    def size(self, depth: int) -> int:
        """Return the number of octants of a depth, over all shapes."""
        return len(self.keys[self.checked(depth)])

    def checked(self, depth: int, first: int = 0, last: int | None = None) -> int:
        """Return a depth that this octree has.

        Raises:
            ValueError: it is not from `first` to `last`, by default 0 to the last depth.
        """
        check_integer("depth", depth, first, self.depth if last is None else last)
        return depth

    def shape_of(self, depth: int) -> Tensor:
        """Return for each octant of a depth the shape that it belongs to, (n,)."""
        return self.keys[self.checked(depth)] >> (3 * depth)

    def cells(self, depth: int) -> Tensor:
        """Return the integer coordinates of the octants of a depth, (n, 3)."""
        return cells_of(self.keys[self.checked(depth)], depth)

    def divided(self, depth: int) -> Tensor:
        """Return the indices of the octants of a depth that have children, in order, (m,).

        The children of the i-th of them are the octants 8i to 8i + 7 of the next depth.
        """
        self.checked(depth, last=self.depth - 1)
        return self.kept("divided", depth, lambda: (self.children[depth] >= 0).nonzero()[:, 0])

    def parents(self, depth: int) -> Tensor:
        """Return for each octant of a depth the index of its parent, (n,)."""
        self.checked(depth, first=1)
        return self.kept("parents", depth, lambda: self.divided(depth - 1).repeat_interleave(8))

    def occupied(self, depth: int) -> Tensor:
        """Return for each octant of a depth whether there are points in it, (n,) of bool."""
        if self.checked(depth) == self.depth:
            return self.counts > 0
        found = torch.zeros(self.size(depth), dtype=torch.bool, device=self.device)
        found[self.divided(depth)] = self.occupied(depth + 1).view(-1, 8).any(1)
        return found

    def neighbors(self, depth: int) -> Tensor:
        """Return for each octant of a depth itself and its 26 neighbors.

        Column 9i + 3j + k is the octant at the offset (i - 1, j - 1, k - 1). Where there is none,
        or it is outside the cube, the entry is n, the number of octants: the row that
        convolutions append for it.

        Shape: (n, 27), int32.
        """
        if self.checked(depth) == 0:
            return self.kept("neighbors", 0, lambda: root_neighbors(self.shapes, self.device))
        return self.kept(
            "neighbors",
            depth,
            lambda: self.blocks(depth)[:, steps(self.device)].flatten(0, 1),
        )

    def blocks(self, depth: int) -> Tensor:
        """Return for each eight siblings of a depth the 4³ octants around them.

        Column 16i + 4j + k is the octant at the offset (i - 1, j - 1, k - 1) from the first of the
        siblings, with n where there is none, as for `neighbors`. In it are the neighbors of all
        eight, in 8 numbers an octant in place of 27.

        Shape: (n / 8, 64), int32.
        """
        self.checked(depth, first=1)
        return self.kept(
            "blocks",
            depth,
            lambda: blocks_of(
                self.neighbors(depth - 1), self.children[depth - 1], self.divided(depth - 1)
            ),
        )

    def kept(self, name: str, depth: int, make: Callable[[], Tensor]) -> Tensor:
        """Return a table of a depth, made at its first use."""
        key = (name, depth)
        if key not in self._tables:
            self._tables[key] = make()
        return self._tables[key]

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Octree:
        """Return the same octree on a device."""

        def moved(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=non_blocking)

        if torch.device(device) == self.device:
            return self
        return Octree(
            self.shapes,
            self.full_depth,
            tuple(map(moved, self.keys)),
            tuple(map(moved, self.children)),
            moved(self.signal),
            moved(self.counts),
            moved(self.octant_of),
            None if self.labels is None else moved(self.labels),
            {key: moved(table) for key, table in self._tables.items()},
        )


def build_octree(
    clouds: PointCloud | Sequence[PointCloud], depth: int, full_depth: int | None = None
) -> Octree:
    """Build the octrees of one or several point clouds that lie in the box [-1, 1]³.

    A point p is in the cell `⌊(p + 1) / 2 · 2^depth⌋` of the last depth, one on the far side of
    the box in the last cell. From there the tables are made depth by depth, each with one pass over
    the octants of the one below. Down to `full_depth`, by default 2, all octants are kept.

    Raises:
        ValueError: there is no cloud, a point is outside the box, the clouds are on different
            devices or only some have labels, or `depth` is not from 1 to 10, or `full_depth`
            not from 0 to `depth`.

    Source: wang2017ocnn, Section 3.1.

    Deviations: the paper gives one label array for both ends of the division; here `children`
        points down and `divided` up.
    """
    check_integer("depth", depth, 1, DEEPEST)
    if full_depth is None:
        full_depth = min(FULL_DEPTH, depth)
    check_integer("full_depth", full_depth, 0, depth)
    batch = [clouds] if isinstance(clouds, PointCloud) else list(clouds)
    if not batch:
        raise expected("clouds", "at least one", 0)
    if len({cloud.positions.device for cloud in batch}) > 1:
        raise expected("clouds", "all on one device", {str(c.positions.device) for c in batch})
    if len({cloud.labels is None for cloud in batch}) > 1:
        raise expected("clouds", "labels for all or for none", "both")
    positions = torch.cat([cloud.positions for cloud in batch])
    if (outside := (positions.abs() > 1).any(1)).any():
        raise expected("clouds", "points from -1 to 1", positions[outside][0].tolist())
    shapes, device = len(batch), positions.device
    lengths = torch.tensor([len(cloud) for cloud in batch], device=device)
    side = 2**depth
    cells = ((positions + 1) * (side / 2)).floor().long().clamp(max=side - 1)
    shape = torch.arange(shapes, device=device).repeat_interleave(lengths)
    point_keys = (shape << (3 * depth)) | morton(cells, depth)
    occupied, which = torch.unique(point_keys, return_inverse=True)

    keys: list[Tensor] = []
    children: list[Tensor] = []
    place = occupied  # where the occupied octants stand among all of their depth
    here = occupied  # keys of the occupied octants
    for d in range(depth, -1, -1):
        above = torch.unique_consecutive(here >> 3)
        if d <= full_depth:  # all there are: an octant's key, shape included, is its index
            keys.append(torch.arange(shapes << (3 * d), device=device))
            place = here
        else:
            keys.append(((above << 3)[:, None] + torch.arange(8, device=device)).flatten())
            place = torch.searchsorted(keys[-1], here)
        if d == depth:
            finest = place
        elif d < full_depth:
            children.append(8 * torch.arange(len(keys[-1]), device=device))
        else:
            first = torch.full((len(keys[-1]),), -1, device=device)
            first[place] = 8 * torch.arange(len(here), device=device)
            children.append(first)
        here = above
    keys.reverse()
    children.reverse()

    octant_of = finest[which]
    n = len(keys[-1])
    counts = torch.bincount(octant_of, minlength=n)
    normals = torch.cat([cloud.normals for cloud in batch])
    signal = torch.zeros(n, 3, dtype=normals.dtype, device=device)
    signal.index_add_(0, octant_of, normals)
    signal /= counts.clamp(min=1)[:, None]
    labels = None
    if batch[0].labels is not None:
        labels = _most_frequent(torch.cat([c.labels for c in batch]), octant_of, counts)  # type: ignore[misc]
    return Octree(
        shapes, full_depth, tuple(keys), tuple(children), signal, counts, octant_of, labels
    )


def _most_frequent(labels: Tensor, octant_of: Tensor, counts: Tensor) -> Tensor:
    """Return the most frequent label in each octant, of several the smallest; -1 without points."""
    kinds = int(labels.max()) + 1
    votes = torch.bincount(octant_of * kinds + labels, minlength=len(counts) * kinds)
    return torch.where(counts > 0, votes.view(-1, kinds).argmax(1), -1)
