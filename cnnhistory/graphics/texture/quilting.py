"""Image quilting: patches of the example, laid so that they fit, cut where they differ least.

A. Efros, W. Freeman (2001), "Image Quilting for Texture Synthesis and Transfer"
[efros2001image]. What was new: overlapping patches are not blended but cut along the path of least
difference, found by dynamic programming.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.graphics.texture.checks import check_picture

Array = npt.NDArray[np.float64]


def cheapest_cut(costs: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the column of each row on the path from top to bottom with the least sum of costs.

    The path goes straight down or to a neighboring column: E_ij = c_ij + min(E_{i-1, j-1},
    E_{i-1, j}, E_{i-1, j+1}). Of several the leftmost.

    Shape: costs (H, W); (H,).

    Raises:
        ValueError: there is no cost.

    Source: efros2001image, Section 2.1.

    >>> cheapest_cut([[3, 1, 3], [1, 9, 9], [2, 2, 0]]).tolist()
    [1, 0, 0]
    """
    sums = np.array(costs, dtype=np.float64)
    if sums.ndim != 2 or sums.size == 0:
        raise expected("costs", "(H, W), at least one", sums.shape)
    height, width = sums.shape
    for i in range(1, height):
        above = np.pad(sums[i - 1], 1, constant_values=np.inf)
        sums[i] += np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:])
    path = np.empty(height, np.int64)
    path[-1] = sums[-1].argmin()
    for i in range(height - 2, -1, -1):
        low, high = max(path[i + 1] - 1, 0), min(path[i + 1] + 2, width)
        path[i] = low + sums[i, low:high].argmin()
    return path


def quilt(
    example: Tensor,
    size: tuple[int, int],
    *,
    patch: int = 32,
    overlap: int | None = None,
    tolerance: float = 0.1,
    seed: int = 0,
) -> Tensor:
    """Lay patches of the example row by row, each a random one of those that fit nearly best.

    A patch fits by the sum of squared differences to what is there already, in a strip of
    `overlap` pixels at its left and its upper edge; one is drawn of all whose difference is at most
    (1 + tolerance) times the least. In the strips the cheapest cut separates old and new.

    Shape: example (3, h, w) with values from 0 to 1; (3, height, width), `size` being these two.

    Units: `patch`, `overlap` (default a sixth of the patch) in pixels.

    Raises:
        ValueError: the patch is larger than the example, the overlap not below half of it, or a
            number out of range.

    Source: efros2001image, Section 2.2.
    """
    check_picture("example", example)
    height, width = size
    check_counts(height=height, width=width)
    check_integer("patch", patch, 2, min(example.shape[1:]))
    strip = max(patch // 6, 1) if overlap is None else overlap
    check_integer("overlap", strip, 1, patch // 2)
    check_finite("tolerance", tolerance)
    if tolerance < 0:
        raise expected("tolerance", "at least 0", tolerance)
    source = example.permute(1, 2, 0).double().numpy()
    patches = np.lib.stride_tricks.sliding_window_view(source, (patch, patch), axis=(0, 1))
    patches = patches.transpose(0, 1, 3, 4, 2)  # rows, columns, patch, patch, 3
    random = np.random.default_rng(seed)
    step = patch - strip
    rows, columns = -(-max(height - strip, 1) // step), -(-max(width - strip, 1) // step)
    out = np.zeros((rows * step + strip, columns * step + strip, 3))
    for r in range(rows):
        for c in range(columns):
            there = out[r * step : r * step + patch, c * step : c * step + patch]
            costs = np.zeros(patches.shape[:2])
            if c:
                costs += _differences(patches[:, :, :, :strip], there[:, :strip])
            if r:
                costs += _differences(patches[:, :, :strip], there[:strip])
            if r and c:
                costs -= _differences(patches[:, :, :strip, :strip], there[:strip, :strip])
            good = np.argwhere(costs <= (1 + tolerance) * costs.min() + 1e-9)
            i, j = good[random.integers(len(good))]
            there[:] = _joined(there, patches[i, j], strip, left=c > 0, above=r > 0)
    made = torch.from_numpy(out[:height, :width].transpose(2, 0, 1).copy())
    return made.to(example.dtype)


def _differences(strips: Array, there: Array) -> Array:
    """Return for each patch the sum of squares of its strip minus what is there."""
    flat = strips.reshape(*strips.shape[:2], -1)
    wanted = there.reshape(-1)
    squares = np.einsum("ijk,ijk->ij", flat, flat)
    return np.maximum(squares - 2 * (flat @ wanted) + wanted @ wanted, 0)


def _joined(there: Array, new: Array, strip: int, *, left: bool, above: bool) -> Array:
    """Return the new patch, with what is there on the far sides of the cuts."""
    keep = np.zeros(there.shape[:2], dtype=bool)  # where the old pixels stay
    apart = ((there - new) ** 2).sum(-1)
    if left:
        cut = cheapest_cut(apart[:, :strip])
        keep[:, :strip] |= np.arange(strip) < cut[:, None]
    if above:
        cut = cheapest_cut(apart[:strip].T)
        keep[:strip] |= (np.arange(strip) < cut[:, None]).T
    return np.where(keep[..., None], there, new)
