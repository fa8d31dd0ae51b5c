"""What every diagram is made of: one box, one arrow, one line, and a frame without axes.

A diagram is drawn on a plane of its own units; `frame` says which part of it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.typing import ColorType

from cnnhistory._util.lookup import expected
from cnnhistory.plotting.style import BLACK

Spot = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Pen:
    """How the outline of a box, an arrow or a line is drawn.

    Units: `width` in points.
    """

    color: ColorType = BLACK
    width: float = 0.9
    dashed: bool = False

    @property
    def style(self) -> str:
        """The style of the line as matplotlib calls it."""
        return "--" if self.dashed else "-"


PEN = Pen()


def box(
    ax: Axes,
    at: Spot,
    size: Spot,
    text: str = "",
    *,
    face: ColorType = "white",
    pen: Pen = PEN,
    ink: ColorType = BLACK,
    fontsize: float = 9,
    rounding: float = 0.0,
    zorder: float = 2.0,
) -> Axes:
    """Draw a rectangle around its middle, with a text in it.

    Args:
        ax: where.
        at: the middle.
        size: width and height, both positive.
        text: stands in the middle.
        face: the color that fills it.
        pen: draws the outline.
        ink: color of the text.
        fontsize: in points.
        rounding: radius of the corners, in the plane's units.
        zorder: what has a larger one is drawn over it.

    Raises:
        ValueError: a size is not positive.
    """
    if not all(side > 0 for side in size):
        raise expected("size", "a positive width and height", size)
    (x, y), (width, height) = at, size
    style = f"round,pad=0,rounding_size={rounding}" if rounding else "square,pad=0"
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height, boxstyle=style, fc=face, ec=pen.color,
            lw=pen.width, ls=pen.style, zorder=zorder,
        )
    )  # fmt: skip
    if text:
        ax.text(x, y, text, color=ink, fontsize=fontsize, ha="center", va="center",
                zorder=zorder + 0.5)  # fmt: skip
    return ax


def arrow(
    ax: Axes,
    start: Spot,
    end: Spot,
    *,
    pen: Pen = PEN,
    head: float = 9.0,
    bend: float = 0.0,
    zorder: float = 2.0,
) -> Axes:
    """Draw an arrow from one spot to another, straight or along an arc.

    Units: `head` is the size of its head in points; `bend` the height of the arc as a share of
    its span, negative above a line that goes to the right.
    """
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", connectionstyle=f"arc3,rad={bend}", mutation_scale=head,
            shrinkA=0, shrinkB=0, lw=pen.width, ls=pen.style, color=pen.color, zorder=zorder,
        )
    )  # fmt: skip
    return ax


def line(ax: Axes, spots: Sequence[Spot], *, pen: Pen = PEN, zorder: float = 1.0) -> Axes:
    """Draw a line through two spots or more.

    Raises:
        ValueError: fewer than two spots.
    """
    if len(spots) < 2:
        raise expected("spots", "at least two", spots)
    xs, ys = zip(*spots, strict=True)
    ax.plot(xs, ys, color=pen.color, lw=pen.width, ls=pen.style, zorder=zorder)
    return ax


def frame(ax: Axes, x: Spot, y: Spot, *, equal: bool = True) -> Axes:
    """Show a part of the plane and hide the axes; with `equal`, squares look like squares.

    Args:
        ax: where.
        x: left and right end.
        y: lower and upper end.
        equal: whether a unit has the same length in both directions.

    Raises:
        ValueError: both ends of one direction are the same.
    """
    for name, ends in (("x", x), ("y", y)):
        if ends[0] == ends[1]:
            raise expected(name, "two different ends", ends)
    ax.set(xlim=x, ylim=y, aspect="equal" if equal else "auto")
    ax.set_axis_off()
    return ax
