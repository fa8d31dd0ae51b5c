"""Which parts of a figure a narrow page may put below each other."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

Box = tuple[float, float, float, float]


def panels(figure: Figure, inches: Bbox) -> list[Box]:
    """Return the boxes (left, top, width, height) of parts, none if the figure is one."""
    return []
