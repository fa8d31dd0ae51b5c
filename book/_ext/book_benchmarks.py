"""The directive {benchmarks} and the role {ratio}: the recorded results of a comparison.

    ```{benchmarks} networks
    As shipped: forward, as shipped | training step, as shipped
    ```

reads benchmarks/results/networks.json, which `python -m benchmarks networks --keep` writes. A
case is called "NAME, KIND". Each line becomes a group: its title, a chart for each kind, and a
folded table with the numbers of every processor. Then follow how often two forms of a network
gave the same answer, times, memory, and where they were measured. Without a file the page says
so; without lines every kind is a group.

    {ratio}`xnor | against torch, both warm | batch 8 on 1 thread | Zen 4`

is "10 to 18": the smallest and the largest of these ratios, whose case has the third part in
its name, on processors with the fourth part in theirs; percent with "%" as a fifth part.
"""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from book_benchmark_chart import Row, chart
from book_benchmark_results import (
    all_records,
    by_processor,
    kind_of,
    machine_text,
    mean_ratio,
    natural,
    of_kind,
    ratio_range,
    ratio_text,
    read,
    short,
    written,
)
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from cnnhistory._util.html import html_table

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
NEAR = 10  # charts whose ratios differ less share their axis


class Group(NamedTuple):
    """What one line of the directive shows."""

    title: str
    kinds: tuple[str, ...]


def groups(lines: Iterable[str], runs: Sequence[dict[str, Any]]) -> list[Group]:
    """Return the groups that the directive names; without lines one for each kind.

    Raises:
        ValueError: a line is not of the form, or names a kind that no run has.
    """
    known = list(dict.fromkeys(kind_of(record)[1] for record in all_records(runs)))
    found = []
    for line in filter(None, map(str.strip, lines)):
        title, colon, rest = line.partition(": ")
        kinds = tuple(part.strip() for part in rest.split("|"))
        if not colon or not set(kinds) <= set(known):
            raise ValueError(
                f"expected 'TITLE: KIND | KIND' with kinds of {', '.join(known)}, "
                f"got {line!r}"
            )
        found.append(Group(title, kinds))
    return found or [Group(kind or "All cases", (kind,)) for kind in known]


def figure_html(group: Group, machines: dict[str, list[dict[str, Any]]]) -> str:
    """Return the charts of a group with a legend of the processors in them."""
    panels, spans = [], []
    for kind in group.kinds:
        found = {name: of_kind(runs, kind) for name, runs in machines.items()}
        names = sorted({name for one in found.values() for name in one}, key=natural)
        rows, values = [], [1.0]
        for name in names:
            text, _, section = written(name).partition(" on ")
            marks = {
                machine: (one[name]["ratio"], *one[name]["spread"])
                for machine, one in found.items()
                if name in one
            }
            rows.append(Row(text, section, marks))
            values += [value for mark in marks.values() for value in mark]
        panels.append((kind, rows))
        spans.append((min(values), max(values)))
    ends = min(low for low, _ in spans), max(high for _, high in spans)
    if ends[1] / ends[0] < NEAR:
        spans = [ends] * len(spans)
    drawn = "".join(
        f'<div><p class="benchmark-kind">{escape(kind)}</p>'
        f"{chart(kind, rows, list(machines), span)}</div>"
        for (kind, rows), span in zip(panels, spans, strict=True)
    )
    legend = "".join(
        f'<span><svg viewBox="0 0 14 14" aria-hidden="true"><circle class="m{n}" cx="7" cy="7" '
        f'r="4"/></svg>{escape(name)}</span>'
        for n, name in enumerate(machines)
        if any(name in row.marks for _, rows in panels for row in rows)
    )
    return (
        f'<figure class="benchmark"><figcaption>{escape(group.title)}</figcaption>'
        f'<p class="benchmark-legend">{legend}</p>'
        f'<div class="benchmark-panels">{drawn}</div></figure>'
    )


def table_html(group: Group, machines: dict[str, list[dict[str, Any]]]) -> str:
    """Return the numbers of a group: a table for each processor."""
    tables = []
    for machine, runs in machines.items():
        columns = [of_kind(runs, kind) for kind in group.kinds]
        names = sorted({name for column in columns for name in column}, key=natural)
        if not names:
            continue
        lines = [
            (
                written(name),
                *(ratio_text(one[name]) if name in one else "" for one in columns),
            )
            for name in names
        ]
        means = [short(mean_ratio(one.values())) if one else "" for one in columns]
        foot = [("geometric mean", *means)] if len(names) > 1 else []
        tables.append(
            html_table(
                ("case", *group.kinds),
                lines,
                caption=f"{group.title}: {machine}",
                foot=foot,
                kind="benchmark-table",
            )
        )
    return folded(f"{group.title}: ratios and their quartiles", tables)


def amounts_html(name: str, machines: dict[str, list[dict[str, Any]]]) -> str:
    """Return the times of all cases and their memory: for each a table for each processor."""
    parts = []
    for unit, field, digits, title in (
        ("ms", "ours_ms", 2, "Times"),
        ("MiB", "ours_mib", 1, "Peak memory"),
    ):
        tables = []
        for machine, runs in machines.items():
            records = all_records(runs, field)
            if not records:
                continue
            apart = any("deviation" in record for record in records)
            lines = [
                (
                    written(r["case"]),
                    f"{r[field]:.{digits}f}",
                    f"{r[field.replace('ours', 'peer')]:.{digits}f}",
                    r["peer"],
                    *(
                        [f"{100 * r['deviation']:.2f} %" if "deviation" in r else ""]
                        if apart
                        else ()
                    ),
                )
                for r in sorted(records, key=lambda r: natural(kind_of(r)[0]))
            ]
            last = ["outputs differ by"] if apart else []
            tables.append(
                html_table(
                    ("case", f"ours, {unit}", f"peer, {unit}", "peer", *last),
                    lines,
                    right=(False, True, True, False, *(True for _ in last)),
                    caption=f"{title}, {name}: {machine}",
                    kind="benchmark-table",
                )
            )
        if tables:
            parts.append(folded(f"{title} of all cases", tables))
    return "".join(parts)


def answers_html(machines: dict[str, list[dict[str, Any]]]) -> str:
    """Return how often two forms of a network give the same answer, a table a processor."""
    tables = []
    for machine, runs in machines.items():
        records = all_records(runs, "same")
        if records:
            (kind,) = {kind_of(record)[1] for record in records}
            lines = [
                (
                    kind_of(r)[0],
                    f"{r['same']:,} of {r['images']:,}",
                    f"{100 * r['deviation']:.2f} %",
                )
                for r in records
            ]
            tables.append(
                html_table(
                    ("recorded network", "same answer", "largest difference of scores"),
                    lines,
                    right=(False, True, True),
                    caption=f"{kind[0].upper()}{kind[1:]}: {machine}",
                    kind="benchmark-table",
                )
            )
    return "".join(tables)


def folded(title: str, tables: Sequence[str]) -> str:
    """Return tables that a click shows."""
    return (
        f'<details class="benchmark-numbers"><summary>{escape(title)}</summary>'
        f"{''.join(tables)}</details>"
    )


def machines_list(runs: Sequence[dict[str, Any]]) -> nodes.bullet_list:
    """Return where the runs were made, with the names of their cases if there are several."""
    named: dict[str, list[str]] = {}
    for run in runs:
        names = named.setdefault(machine_text(run), [])
        names += [written(kind_of(record)[0]) for record in run["records"]]
    found = nodes.bullet_list()
    for text, names in named.items():
        every = list(dict.fromkeys(names))
        # threads and layers are many; the line says the threads itself
        which = f"{', '.join(every)}: " if len(named) > 1 and len(every) <= 3 else ""
        item = nodes.list_item()
        item += nodes.paragraph(text=which + text)
        found += item
    return found


def content(
    name: str, runs: Sequence[dict[str, Any]], lines: Iterable[str] = ()
) -> list[nodes.Node]:
    """Return what the page shows of the runs of the benchmark with this name."""
    machines = by_processor(runs)
    page = "".join(
        figure_html(group, machines) + table_html(group, machines)
        for group in groups(lines, runs)
    )
    ordered = [run for one in machines.values() for run in one]
    return [
        nodes.raw(
            "",
            page + answers_html(machines) + amounts_html(name, machines),
            format="html",
        ),
        nodes.paragraph(text="Measured on:"),
        machines_list(ordered),
    ]


class Benchmarks(SphinxDirective):
    """Insert the results of one benchmark; the page is built again when they change."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return charts and tables, or a sentence where nothing is recorded."""
        path = RESULTS / f"{self.arguments[0]}.json"
        self.env.note_dependency(str(path))
        for file in Path(__file__).parent.glob("book_benchmark*.py"):
            self.env.note_dependency(str(file))
        if not path.is_file():
            return [nodes.paragraph(text="Nothing is recorded yet.")]
        try:
            return content(path.stem, read(path), self.content)
        except ValueError as error:
            raise self.error(str(error)) from None


class Ratio(SphinxRole):
    """Insert a range of recorded ratios."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return its text, or what is wrong with the role."""
        try:
            return [nodes.Text(ratio_range(self.text, RESULTS))], []
        except (ValueError, OSError) as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [self.inliner.problematic(self.rawtext, self.rawtext, message)], [
                message
            ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the role."""
    app.add_directive("benchmarks", Benchmarks)
    app.add_role("ratio", Ratio())
    return {"parallel_read_safe": True, "parallel_write_safe": True}
