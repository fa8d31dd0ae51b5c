"""O-CNN: the octants of a surface as cubes, seen from above and in front."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from cnnhistory._util.lookup import check_integer, expected
from cnnhistory.plotting.style import axes_or_new

_ACROSS, _DOWN = math.cos(math.pi / 6), math.sin(math.pi / 6)
# The corners of the faces towards the eye, at +x, +y and +z, and how bright each is.
_FACES = (
    ((1, 0, 0), ((1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)), "#4a90c0"),
    ((0, 1, 0), ((0, 1, 0), (1, 1, 0), (1, 1, 1), (0, 1, 1)), "#1f6fa8"),
    ((0, 0, 1), ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)), "#9fc9e6"),
)


def cubes(cells: npt.ArrayLike, depth: int, *, ax: Axes | None = None) -> Axes:
    """Draw cells of a grid of 2^depth a side as cubes, in parallel projection.

    The eye is at the corner where all three axes end; the third axis points up. Faces between two
    cells are left out.

    Shape: cells (n, 3), integers from 0 to 2^depth - 1.

    Args:
        cells: the coordinates of the cells.
        depth: how often the side of the cube is halved.
        ax: where to draw; default: a new figure.

    Raises:
        ValueError: there is no cell, or one is outside the grid.
    """
    check_integer("depth", depth, 0, 10)
    found = np.asarray(cells)
    if found.ndim != 2 or found.shape[1:] != (3,) or len(found) == 0:
        raise expected("cells", "(n, 3), at least one", found.shape)
    side = 2**depth
    if found.min() < 0 or found.max() >= side:
        raise expected("cells", f"0 to {side - 1}", f"{found.min()} to {found.max()}")
    ax = axes_or_new(ax, (3, 3))
    there = np.zeros((side + 1,) * 3, dtype=bool)
    there[tuple(found.T)] = True
    order = np.argsort(found.sum(1), kind="stable")  # what is farther from the eye comes first
    polygons, colors = [], []
    for cell in found[order]:
        for step, corners, color in _FACES:
            if not there[tuple(cell + step)]:
                polygons.append(_project((cell + np.array(corners)) / side))
                colors.append(color)
    width = 0.4 if depth < 5 else 0.1
    ax.add_collection(
        PolyCollection(polygons, facecolors=colors, edgecolors="white", linewidths=width)
    )
    ax.set(xlim=(-_ACROSS, _ACROSS), ylim=(-2 * _DOWN, 1), aspect="equal")
    ax.set_axis_off()
    return ax


def _project(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return where corners are seen: x to the left and down, y to the right and down, z up."""
    x, y, z = corners.T
    return np.stack([_ACROSS * (y - x), z - _DOWN * (x + y)], 1)
