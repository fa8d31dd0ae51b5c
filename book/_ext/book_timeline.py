"""The directive {timeline}: every system of the survey on one time axis, from the registry.

The page gets an inline SVG and a list, both complete without JavaScript; _static/timeline.js
adds the filter, the card and the arrow keys. A lane is a part of the survey. Years from 2010
on are drawn wider, because most systems fall there; a line marks the change.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from cnnhistory import survey
from cnnhistory.papers import paper
from cnnhistory.registry import list_systems, system
from cnnhistory.system import ERAS, System

TURN = 2010  # from this year on, a year is wide
EARLY_STEP, LATE_STEP = 3.8, 58  # width of a year before and after
SIZE, PITCH = 5, 14  # half a mark; distance between two
MARGIN, AXIS, LABEL, GAP = 14, 22, 24, 5
LETTER = 5.6  # width of a letter of a name, about
STATUS_NAMES = {"built": "runs today", "planned": "planned"}
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Axis:
    """The time axis from the decade of the first year to the last year."""

    first: int
    last: int

    def x(self, year: int) -> float:
        """Return where a year begins."""
        early = (min(year, TURN) - self.first) * EARLY_STEP
        return MARGIN + early + max(0, year - TURN) * LATE_STEP

    @property
    def width(self) -> float:
        """Return the width of the drawing."""
        return self.x(self.last + 1) + MARGIN

    def ticks(self) -> list[int]:
        """Return the years that get a label: decades, then every year."""
        return [*range(self.first, TURN, 10), *range(TURN, self.last + 1)]


def label(record: System) -> str:
    """Return what stands beside the mark of a system that runs; a planned one has no room."""
    return record.name.partition(" (")[0] if record.status == "built" else ""


@dataclass(frozen=True)
class Spot:
    """Where a mark is drawn: its middle, its row, and on which side its name stands."""

    x: float
    row: int
    side: int = 0  # 1: to the right, -1: to the left, 0: no name


def places(years: Sequence[int], names: Sequence[str], axis: Axis) -> list[Spot]:
    """Return where each mark of a lane goes, in the given order, without overlap.

    Marks of a wide year stay inside the year, names may reach beyond it. Marks with a name come
    first, since they need room.
    """
    rows: list[list[tuple[float, float]]] = []  # what is taken of each, from and to
    found: dict[int, Spot] = {}

    def free(row: int, start: float, end: float) -> bool:
        if row == len(rows):
            rows.append([])
        return all(end <= a or start >= b for a, b in rows[row])

    def middles(year: int) -> list[float]:
        if year < TURN:
            return [axis.x(year)]
        per_row = int(LATE_STEP // PITCH)
        first = axis.x(year) + (LATE_STEP - (per_row - 1) * PITCH) / 2
        return [first + column * PITCH for column in range(per_row)]

    for n in sorted(range(len(years)), key=lambda n: not names[n]):
        wide = len(names[n]) * LETTER + 2 * SIZE if names[n] else 0.0
        sides = (1, -1) if names[n] else (0,)
        # from the left for names to the right, around the middle for marks without names
        around = middles(years[n])
        if not names[n]:
            center = sum(around) / len(around)
            around.sort(key=lambda x: abs(x - center))
        row = 0
        while n not in found:
            for x, side in ((x, side) for side in sides for x in around):
                start = x - PITCH / 2 - (wide if side < 0 else 0)
                end = x + PITCH / 2 + (wide if side > 0 else 0)
                if start >= 0 and end <= axis.width and free(row, start, end):
                    rows[row].append((start, end))
                    found[n] = Spot(x, row, side)
                    break
            row += 1
    return [found[n] for n in range(len(years))]


def mark(record: System, spot: Spot, y: float, href: str | None) -> str:
    """Return one system as SVG: a filled disc that links to its chapter, or an open diamond."""
    x = spot.x
    name = f"{record.name}, {record.year}, {STATUS_NAMES[record.status]}"
    if record.status == "built":
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{SIZE + 1}"/>'
    else:
        d = SIZE + 0.5
        shape = f'<path d="M{x:.1f} {y - d:.1f}l{d} {d}l-{d} {d}l-{d}-{d}z"/>'
    if spot.side:
        at, anchor = x + spot.side * (SIZE + 4), "start" if spot.side > 0 else "end"
        shape += (
            f'<text x="{at:.1f}" y="{y + 3.5:.1f}" text-anchor="{anchor}" aria-hidden="true">'
            f"{escape(label(record))}</text>"
        )
    attributes = (
        f'class="mark {record.status}" data-system="{record.id}" data-era="{record.era}" '
        f'data-status="{record.status}" data-year="{record.year}" aria-label="{escape(name)}"'
    )
    inside = f"<title>{escape(name)}</title>{shape}"
    if href:
        return f'<a {attributes} href="{escape(href)}">{inside}</a>'
    return f'<g {attributes} role="img">{inside}</g>'


def drawing(records: Sequence[System], href: Callable[[System], str | None]) -> str:
    """Return the drawing; `href` says where a system's chapter is, or None."""
    years = [record.year for record in records]
    axis = Axis(min(years) // 10 * 10, max(years))
    lanes, marks, y = [], [], float(AXIS)
    for era in ERAS:
        members = sorted((r for r in records if r.era == era), key=lambda r: r.year)
        if not members:
            continue
        spots = places([r.year for r in members], [label(r) for r in members], axis)
        height = LABEL + (max(spot.row for spot in spots) + 1) * PITCH + GAP
        lanes.append((ERAS[era], y, height))
        for record, spot in zip(members, spots, strict=True):
            middle = y + LABEL + spot.row * PITCH + PITCH / 2
            marks.append(mark(record, spot, middle, href(record)))
        y += height
    grid = [f'<path class="turn" d="M{axis.x(TURN):.1f} 2V{y + 18:.0f}"/>']
    for year in axis.ticks():
        x = axis.x(year)
        if year != TURN:
            grid.append(f'<path d="M{x:.1f} {AXIS}V{y:.0f}"/>')
        wide = year >= TURN
        place = (
            f'x="{x + LATE_STEP / 2:.1f}" text-anchor="middle"'
            if wide
            else f'x="{x + 3:.1f}"'
        )
        grid += [f'<text {place} y="{base:.0f}">{year}</text>' for base in (15, y + 14)]
    total = y + AXIS
    rects = "".join(
        f'<rect x="0" y="{top:.0f}" width="{axis.width:.0f}" height="{height - 2:.0f}"/>'
        for _, top, height in lanes
    )
    # the names are HTML: they stay in place when a small screen scrolls the drawing
    names = "".join(
        f'<span style="top:{100 * (top + 2) / total:.2f}%">{escape(name)}</span>'
        for name, top, _ in lanes
    )
    return (
        f'<div class="timeline-frame"><div class="timeline-scroll">'
        f'<svg viewBox="0 0 {math.ceil(axis.width)} {math.ceil(total)}" role="group" '
        f'aria-label="{len(records)} systems from {min(years)} to {max(years)}; '
        f'the same systems follow as a list"><g class="lanes" aria-hidden="true">{rects}</g>'
        f'<g class="grid" aria-hidden="true">{"".join(grid)}</g>{"".join(marks)}</svg></div>'
        f'<div class="timeline-lanes" aria-hidden="true">{names}</div></div>'
    )


def item(record: System, href: str | None) -> str:
    """Return one system as an entry of the list; the card shows the same text."""
    source = paper(record.paper)
    name = f"<strong>{escape(record.name)}</strong>"
    if href:
        name = f'<a href="{escape(href)}">{name}</a>'
    title = escape(source.title)
    if source.arxiv:
        title = f'<a href="https://arxiv.org/abs/{quote(source.arxiv)}">{title}</a>'
    more = "Read the chapter" if record.chapter else "See the reference"
    link = f' <a class="more" href="{escape(href)}">{more}</a>' if href else ""
    return (
        f'<li id="system-{record.id}" data-system="{record.id}" data-era="{record.era}" '
        f'data-status="{record.status}"><span class="when">{record.year}</span> {name} '
        f'<span class="status {record.status}">{STATUS_NAMES[record.status]}</span>'
        f'<span class="paper">{escape(source.authors)} ({source.year}), {title}</span>'
        f"{link}</li>"
    )


def listing(records: Sequence[System], href: Callable[[System], str | None]) -> str:
    """Return all systems as one list per era."""
    parts = []
    for era in ERAS:
        members = sorted((r for r in records if r.era == era), key=lambda r: r.year)
        if members:
            items = "".join(item(record, href(record)) for record in members)
            parts.append(
                f'<section data-era="{era}"><p class="era">{escape(ERAS[era])}</p>'
                f"<ul>{items}</ul></section>"
            )
    return "".join(parts)


def count(records: Sequence[System]) -> str:
    """Return the sentence that says how much is built."""
    built = sum(record.status == "built" for record in records)
    return f"{built} of {len(records)} systems {'runs' if built == 1 else 'run'} today."


def timeline_html(
    records: Sequence[System], href: Callable[[System], str | None]
) -> str:
    """Return the timeline: controls (shown by the script), drawing, card and list."""
    eras = "".join(
        f'<option value="{era}">{escape(ERAS[era])}</option>'
        for era in ERAS
        if any(record.era == era for record in records)
    )
    return f"""<div class="timeline" id="timeline">
<p class="timeline-count">{count(records)}</p>
<form class="timeline-filter" hidden>
<label>Era <select name="era"><option value="">all</option>{eras}</select></label>
<label>Status <select name="status"><option value="">all</option>
<option value="built">runs today</option><option value="planned">planned</option></select>
</label>
<output aria-live="polite"></output>
</form>
<p class="timeline-legend" aria-hidden="true">
<svg viewBox="0 0 14 14"><circle class="built" cx="7" cy="7" r="6"/></svg> runs today
<svg viewBox="0 0 14 14"><path class="planned" d="M7 1.5l5.5 5.5-5.5 5.5-5.5-5.5z"/></svg>
planned
<span>from {TURN} on, a year is drawn {LATE_STEP / EARLY_STEP:.0f} times as wide</span></p>
<p class="timeline-hint" aria-hidden="true">Swipe sideways to see all years.</p>
{drawing(records, href)}
<div class="timeline-card" role="status" hidden></div>
<details class="timeline-list"><summary>All {len(records)} systems as a list</summary>
{listing(records, href)}</details>
<noscript><p>Filter and details on the drawing need JavaScript; the list has everything.</p>
</noscript>
</div>"""


class TimelineNode(nodes.General, nodes.Element):
    """Stands for the timeline until its links are known, when the page is written."""


class Timeline(SphinxDirective):
    """Insert the timeline; the page is built again when the registry changes."""

    def run(self) -> list[nodes.Node]:
        """Return the placeholder and note what it is made from."""
        records = Path(survey.__file__).parent
        for file in (*records.rglob("*.py"), Path(__file__)):
            self.env.note_dependency(str(file))
        return [TimelineNode()]


def visit_html(translator: nodes.NodeVisitor, node: TimelineNode) -> None:
    """Write the timeline with links relative to the page it stands on."""
    builder = translator.builder
    pages = builder.env.found_docs

    def href(record: System) -> str | None:
        if record.chapter is None:
            return reference(translator, record) if record.code else None
        if record.chapter not in pages:
            log.warning(
                "%s: its chapter %s is no page of the book", record.id, record.chapter
            )
            return None
        return builder.get_relative_uri(builder.current_docname, record.chapter)

    records = [system(id) for id in list_systems()]
    translator.body.append(timeline_html(records, href))
    raise nodes.SkipNode


def reference(translator: nodes.NodeVisitor, record: System) -> str | None:
    """Return where the reference has the code of a system without a chapter."""
    builder = translator.builder
    place = builder.env.get_domain("py").objects.get(f"cnnhistory.{record.code}")
    if place is None:
        log.warning("%s: %s is not in the reference", record.id, record.code)
        return None
    page = builder.get_relative_uri(builder.current_docname, place.docname)
    return f"{page}#{place.node_id}"


def skip(translator: nodes.NodeVisitor, node: TimelineNode) -> None:
    """Leave the timeline out where there is no HTML."""
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and its node."""
    app.add_node(
        TimelineNode, html=(visit_html, None), latex=(skip, None), text=(skip, None)
    )
    app.add_directive("timeline", Timeline)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
