"""Point clouds as rows of small integers, the form in which data modules keep them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from cnnhistory.graphics.octree.points import PointCloud

UNIT = 32_000  # how many steps a coordinate of 1 has


def pack(cloud: PointCloud) -> npt.NDArray[np.int16]:
    """Return positions, normals and labels, rounded to 1/32,000.

    Shape: (N, 7); the label is 0 where the cloud has none.

    >>> cloud = PointCloud(torch.tensor([[0.5, 0, -1]]), torch.tensor([[0.0, 0, 1]]))
    >>> pack(cloud).tolist()
    [[16000, 0, -32000, 0, 0, 32000, 0]]
    """
    labels = torch.zeros(len(cloud)) if cloud.labels is None else cloud.labels
    numbers = torch.cat([cloud.positions, cloud.normals], 1).clamp(-1, 1) * UNIT
    rows = torch.cat([numbers.round(), labels[:, None]], 1)
    return rows.to(torch.int16).numpy()


def unpack(rows: npt.NDArray[np.int16]) -> PointCloud:
    """Return the cloud that was packed."""
    numbers = torch.from_numpy(np.ascontiguousarray(rows))
    reals = numbers[:, :6].float() / UNIT
    return PointCloud(reals[:, :3], reals[:, 3:], numbers[:, 6].long())


class PackedClouds:
    """Packed clouds by number."""

    def __init__(self, rows: Sequence[npt.NDArray[np.int16]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> PointCloud:
        return unpack(self.rows[index])
