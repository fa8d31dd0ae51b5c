"""Figures as small SVG: text stays text, and the same picture gives the same bytes.

One unit is a point, 4/3 pixels of a screen. Where a narrow page may put parts below each other, the
root says where they are, `data-panels`: "left top width height names" of each, in units, parted by
";", rows by "|". Each group of axes then says to which of them it belongs, `data-panel`. `names` is
the width of the strip at the left of the row with the names of ticks that the part needs, or 0.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Text

from cnnhistory.plotting.panels import Panel, panels
from cnnhistory.plotting.svg_groups import INHERITED
from cnnhistory.plotting.svg_shapes import short
from cnnhistory.plotting.svg_tree import SVG, Cleaner, written

WIDEST = 7.0  # inches of a figure, as wide as a page has room
MARGIN = 0.04  # inches around what is drawn
MOST_VERTICES = 4000  # of an artist; one with more is drawn as pixels
DENSITY = 192  # dots an inch of what is drawn as pixels: two for each of a screen's
SETTINGS: dict[Any, Any] = {
    "path.simplify_threshold": 0.2,
    "svg.fonttype": "none",
    "svg.hashsalt": "cnnhistory",
    "svg.image_inline": True,
}


def figure_svg(figure: Figure) -> str:
    """Return a figure as the text of one `svg` element, on white.

    An artist of more than `MOST_VERTICES` points, such as a dense scatter, is drawn as pixels. Axes
    in a layout that are wider than a page are laid out anew in its width, so that texts keep their
    size; a diagram is not: the page shows it smaller.
    """
    text = io.StringIO()
    with _no_wider_than_the_page(figure):
        figure.draw_without_rendering()
        inches = figure.get_tightbbox().padded(MARGIN)
        parts = panels(figure, inches)
        with mpl.rc_context(SETTINGS), _prepared(figure, [part for row in parts for part in row]):
            figure.savefig(
                text, format="svg", bbox_inches=inches, dpi=DENSITY, facecolor="none",
                metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")),
            )  # fmt: skip
    root = ET.fromstring(text.getvalue())
    Cleaner(root).clean()
    body = "".join(written(child) for child in root)
    # names that are the same in no other figure: a page holds several
    name = "f" + sha256(body.encode()).hexdigest()[:6]
    body = re.sub(r'( id="| href="#|url\(#)(?=n\d)', rf"\g<1>{name}", body)
    width, height = short(inches.width * 72), short(inches.height * 72)
    said = [("font-family", "sans-serif"), ("stroke-linejoin", "round")]
    said = [(key, root.attrib.pop(key, value)) for key, value in said]
    said += [(key, root.attrib[key]) for key in INHERITED if key in root.attrib]
    if parts:
        rows = (";".join(_box(part) for part in row) for row in parts)
        said.append(("data-panels", "|".join(rows)))
    return (
        f'<svg xmlns="{SVG}" width="{inches.width * 96:.0f}" height="{inches.height * 96:.0f}" '
        f'viewBox="0 0 {width} {height}" ' + " ".join(f'{k}="{v}"' for k, v in said) + ">"
        f'<path class="paper" fill="#fff" stroke="none" d="M0 0h{width}v{height}h-{width}z"/>'
        f"{body}</svg>"
    )


@contextmanager
def _no_wider_than_the_page(figure: Figure) -> Iterator[None]:
    width, height = figure.get_size_inches()
    fits = width <= WIDEST or figure.get_layout_engine() is None
    if fits or not any(ax.axison for ax in figure.axes):
        yield
        return
    figure.set_size_inches(WIDEST, height)
    try:
        yield
    finally:
        figure.set_size_inches(width, height)


def _box(part: Panel) -> str:
    return " ".join(map(short, (part.left, part.top, part.width, part.height, part.names)))


@contextmanager
def _prepared(figure: Figure, parts: Sequence[Panel]) -> Iterator[None]:
    """Have pictures stored in their own pixels, dense artists as pixels, lines of text marked."""
    undo: list[tuple[Any, Any]] = []

    def change(artist: Any, what: str, value: Any) -> None:
        undo.append((getattr(artist, f"set_{what}"), getattr(artist, f"get_{what}")()))
        getattr(artist, f"set_{what}")(value)

    for number, part in enumerate(parts):
        for ax in part.axes:
            change(ax, "gid", f"panel_{number}")
    for ax in figure.axes:
        change(ax.xaxis.label, "gid", "name_x")
        change(ax.yaxis.label, "gid", "name_y")
    for image in figure.findobj(AxesImage):
        if image.get_interpolation() in ("auto", "antialiased", "nearest"):
            change(image, "interpolation", "none")
    for text in figure.findobj(Text):
        if "\n" in text.get_text():
            change(text, "gid", f"lines-{text.get_ha()}")  # type: ignore[attr-defined]
    for artist in figure.findobj(lambda a: _vertices(a) > MOST_VERTICES):
        change(artist, "rasterized", True)
    try:
        yield
    finally:
        for restore, value in undo:
            restore(value)


def _vertices(artist: Any) -> int:
    if hasattr(artist, "get_xdata"):
        return len(artist.get_xdata())
    if hasattr(artist, "get_offsets") and hasattr(artist, "get_paths"):
        return max(4 * len(artist.get_offsets()), sum(len(p.vertices) for p in artist.get_paths()))
    return 0


def show_figures_as_svg() -> None:
    """Have a notebook show figures by `figure_svg`; outside of one, do nothing."""
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return
    shell = get_ipython()
    if shell is None:
        return
    if "inline" in mpl.get_backend():
        # it chooses a format of its own as it is imported: let that come first
        import matplotlib_inline.backend_inline  # noqa: F401
    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters["image/svg+xml"].for_type(Figure, figure_svg)
