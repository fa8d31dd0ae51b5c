"""The landscape as one piece of HTML: drawing, legend and table, complete without a script.

Nothing is loaded from anywhere, so that the chart works in JupyterLab, in the book and offline.
In the book it is a live figure: its script finds the scenes of all choices beside the drawing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from itertools import product
from typing import Any

from cnnhistory._util.html import html_table
from cnnhistory._util.lookup import expected
from cnnhistory._util.numbers import count_text
from cnnhistory.papers import paper
from cnnhistory.plotting.figures.landscape import DATA_SETS, Point
from cnnhistory.plotting.figures.landscape_scene import (
    AGAINST,
    BOTTOM,
    LEFT,
    METRICS,
    NARROW,
    RIGHT,
    TOP,
    WIDE,
    Scene,
    scene,
)
from cnnhistory.survey.accuracies import VIEWS
from cnnhistory.system import ERAS

MOST_ERAS = 7  # colors in landscape.css
ALT = (
    "A chart of accuracy against cost with controls for the data, the axes and the way of testing, "
    "and the numbers of the dot that is pointed at"
)
CAPTION = (
    "Every dot is one figure of a paper, placed by what its network costs; dots joined by a line "
    "are one network, tested in several ways."
)


class LandscapeChart:
    """Accuracy against multiply-adds, parameters or year, for figures of several data sets.

    The drawing shows one data set against multiply-adds; a pointer on a dot reads its numbers. In
    the book controls choose the axes, the data set and how many crops of an image were tested,
    and the arrow keys go from dot to dot. The area of a dot grows with the number of parameters.

    Raises:
        ValueError: there is no point, or there are more eras than colors.
    """

    def __init__(self, found: Sequence[Point]) -> None:
        if not found:
            raise expected("found", "at least one point", "none")
        self.points = list(found)
        eras: dict[str, int] = {}
        for point in self.points:
            eras.setdefault(point.era, len(eras))
        if len(eras) > MOST_ERAS:
            raise expected("found", f"points of at most {MOST_ERAS} eras", list(eras))
        self.eras = eras

    def __str__(self) -> str:
        networks = len({point.model for point in self.points})
        return f"{len(self.points)} figures for {networks} networks"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        style = (files("cnnhistory.plotting.figures") / "landscape.css").read_text("utf-8")
        data = json.dumps(self.contents(), separators=(",", ":")).replace("</", "<\\/")
        return (
            '<div class="live landscape" data-live="landscape" data-options="{}">'
            f"<style>{style}</style>\n{self._legend()}\n"
            f'<div class="live-stored landscape-plot">{self.drawing()}</div>\n'
            f'<div class="live-stage" role="group" aria-label="{ALT}" hidden></div>\n'
            '<p class="live-said" role="status" hidden></p>\n'
            f'<p class="live-caption">{CAPTION}</p>\n{self._table()}\n'
            f'<script type="application/json">{data}</script></div>'
        )

    def drawing(self) -> str:
        """Return the drawing that is there without a script, as SVG."""
        data = {point.figure.data for point in self.points}
        first = "ImageNet" if "ImageNet" in data else self.points[0].figure.data
        found = scene(self.points, first)
        return "<p>No figure of this kind in the papers.</p>" if found is None else self._svg(found)

    def contents(self) -> dict[str, Any]:
        """Return what the live figure shows, ready for JSON.

        `points` has name, model, era and a sentence of each figure; `choices` the controls, their
        names and options; `frames` the sizes of the wide and the narrow drawing; `scenes` both of
        each choice, under "data|metric|against|views", numbers in tenths of a pixel.
        """
        present = {point.figure.data for point in self.points}
        choices = {
            "data": ("Data", {data: data for data in DATA_SETS if data in present}),
            "metric": ("Accuracy", {metric: f"top-{top}" for metric, top in METRICS.items()}),
            "against": ("Against", {name: text.split(" ")[0] for name, text in AGAINST.items()}),
            "views": ("Tested on", {"": "everything", **VIEWS}),
        }
        scenes = {}
        for choice in product(*(options for _, options in choices.values())):
            wide, narrow = (scene(self.points, *choice, frame=frame) for frame in (WIDE, NARROW))
            if wide is not None and narrow is not None:
                scenes["|".join(choice)] = [_compact(wide), _compact(narrow)]
        return {
            "points": [
                [point.name, point.model, self.eras[point.era], _sentence(point)]
                for point in self.points
            ],
            "choices": choices,
            "frames": [frame[:2] for frame in (WIDE, NARROW)],
            "margins": [LEFT, RIGHT, TOP, BOTTOM],
            "scenes": scenes,
        }

    def _svg(self, found: Scene) -> str:
        """Return a wide scene as SVG; a live figure draws the others in the same way."""
        right, base = WIDE.width - RIGHT, WIDE.height - BOTTOM
        parts = []
        for x, text in found.marks:
            parts.append(
                f'<path class="grid" d="M{x:.1f} {TOP}V{base}"/>'
                f'<text x="{x:.1f}" y="{base + 16}" text-anchor="middle">{text}</text>'
            )
        for y, text in found.levels:
            parts.append(
                f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
            )
        parts.append(
            f'<text class="axis" x="{right}" y="{base + 36}" text-anchor="end">{found.axes[0]}'
            f'</text><text class="axis" transform="translate(14 {TOP}) rotate(-90)" '
            f'text-anchor="end">{escape(found.axes[1])}</text>'
        )
        for _, x, low, high in found.links:
            parts.append(f'<path class="same" d="M{x:.1f} {low:.1f}V{high:.1f}"/>')
        (x, y), *rest = found.front
        steps = "".join(f"H{x:.1f}V{y:.1f}" for x, y in rest)
        parts.append(f'<path class="front" d="M{x:.1f} {y:.1f}{steps}H{right}"/>')
        for dot in found.dots:
            point = self.points[dot.number]
            parts.append(
                f'<circle class="dot" data-era="{self.eras[point.era]}" cx="{dot.x:.1f}" '
                f'cy="{dot.y:.1f}" r="{dot.radius:.1f}"><title>{escape(_sentence(point))}</title>'
                "</circle>"
            )
        for number, x, y in found.names:
            name = escape(self.points[number].name)
            parts.append(f'<text class="name" x="{x:.1f}" y="{y:.1f}">{name}</text>')
        return (
            f'<svg viewBox="0 0 {WIDE.width} {WIDE.height}" role="img" aria-label="'
            f'{escape(found.label)}; the table has the numbers">{"".join(parts)}</svg>'
        )

    def _legend(self) -> str:
        entries = "".join(
            f'<span><i data-era="{number}"></i>{escape(ERAS[era])}</span>'
            for era, number in self.eras.items()
        )
        return (
            f'<p class="landscape-legend">{entries}<span>larger: more parameters</span>'
            "<span>dashed: nothing cheaper is as accurate</span></p>"
        )

    def _table(self) -> str:
        heads = ("network", "year", "data", "tested on", "top-1 error", "top-5 error",
                 "multiply-adds", "parameters", "source")  # fmt: skip
        table = html_table(heads, [_cells(point) for point in self.points])
        return f"<details><summary>All {self} as a table</summary>\n{table}</details>"


def _compact(found: Scene) -> dict[str, Any]:
    """Return a scene for JSON, its pixels in whole tenths."""

    def tenths(value: Any) -> Any:
        if isinstance(value, float):
            return round(10 * value)
        if isinstance(value, list | tuple):
            return [tenths(part) for part in value]
        return value

    return {name: tenths(value) for name, value in vars(found).items() if value}


def _sentence(point: Point) -> str:
    """Return the numbers of a row of the table in one sentence."""
    name, year, data, tested, top1, top5, macs, parameters, source = _cells(point)
    errors = {"top-1": top1, "top-5": top5}
    said = ", ".join(f"{top} {error}" for top, error in errors.items() if error != "–")
    return (
        f"{name}, {year}. Error on {data}: {said} ({tested}). {macs} multiply-adds, "
        f"{parameters} parameters. {source}."
    )


def _cells(point: Point) -> list[str]:
    """Return the cells of a row of the table."""
    figure = point.figure
    where = f"{paper(figure.source).authors.split(',')[0]} {paper(figure.source).year}"
    where += f", {figure.where}"
    where += f" ({figure.note})" if figure.note else ""
    tested = VIEWS[figure.views] + (f" of {figure.size}²" if figure.data == "ImageNet" else "")
    errors = [f"{e:g} %" if e is not None else "–" for e in (figure.top1, figure.top5)]
    return [
        point.name,
        str(point.year),
        figure.data,
        tested,
        *errors,
        count_text(point.multiply_adds),
        count_text(point.parameters),
        where,
    ]
