"""The directive {benchmarks}: the last recorded results of one comparison, from its JSON file.

    ```{benchmarks} networks
    ```

reads benchmarks/results/networks.json, which `python -m benchmarks networks --keep` writes.
Where cases are called "NAME, KIND", a table has a row for each name and a column for each kind;
the times of all cases follow, folded. Without a file the page says so.
"""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from cnnhistory._util.html import html_table

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"
JOINED_DASH = "\u2060–\u2060"  # no line break beside it
NEEDED = ("case", "ours_ms", "peer", "peer_ms", "ratio", "spread")


def read(path: Path) -> list[dict[str, Any]]:
    """Return the runs of a file: settings, machine and records of each.

    Raises:
        ValueError: the file is not of this form.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        runs = document.get("runs", [document])
        for run in runs:
            for record in run["records"]:
                missing = [name for name in NEEDED if name not in record]
                if missing:
                    raise ValueError(f"{record} lacks {', '.join(missing)}")
    except (json.JSONDecodeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path.name}: expected runs with records, got {error!r}"
        ) from None
    return runs


def all_records(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records of all runs, in their order."""
    return [record for run in runs for record in run["records"]]


def machine_text(run: dict[str, Any]) -> str:
    """Return where, when and with what a run was made."""
    machine, settings = run.get("machine", {}), run.get("settings", {})
    parts = [
        str(machine.get("processor", "")).split(" Processor")[0],
        _counted(machine.get("cores"), "core"),
        _counted(machine.get("threads"), "thread"),
        *(f"{name} {machine[name]}" for name in machine if name in ("torch", "numba")),
        f"batch {settings['batch']}" if "batch" in settings else "",
        f"medians of {settings['repeat']} runs" if "repeat" in settings else "",
        "processor time" if settings.get("processor_time") else "",
        str(machine.get("date", "")),
    ]
    return ", ".join(part for part in parts if part)


def _counted(count: int | None, word: str) -> str:
    return "" if count is None else f"{count} {word}{'' if count == 1 else 's'}"


def pivot(
    records: Sequence[dict[str, Any]],
) -> tuple[list[str], dict[str, dict[str, dict[str, Any]]]] | None:
    """Return the kinds and, for each name, the record of each kind.

    None unless every case is "NAME, KIND", at least two names share a kind, and no case has
    several peers.
    """
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for record in records:
        name, comma, kind = record["case"].partition(", ")
        if not comma or kind in rows.get(name, ()):
            return None
        rows.setdefault(name, {})[kind] = record
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind in row))
    if len(rows) < 2 or len(kinds) == len(records):
        return None
    return kinds, dict(sorted(rows.items(), key=lambda row: _natural(row[0])))


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key by which resnet18 comes before resnet101."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def ratio_text(record: dict[str, Any]) -> str:
    """Return the ratio with its quartiles."""
    low, high = record["spread"]
    return f"{record['ratio']:.2f} ({low:.2f}{JOINED_DASH}{high:.2f})"


def mean_ratio(records: Sequence[dict[str, Any]]) -> float:
    """Return the geometric mean of the ratios."""
    return math.exp(sum(math.log(record["ratio"]) for record in records) / len(records))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> nodes.raw:
    """Return a table whose first column names the rows."""
    page = html_table(heads, rows, kind="benchmark-table")
    return nodes.raw("", page, format="html")


def content(runs: Sequence[dict[str, Any]]) -> list[nodes.Node]:
    """Return what the page shows of the runs of a benchmark."""
    records = all_records(runs)
    times = table(
        ("case", "ours, ms", "peer, ms", "ratio (quartiles)", "peer"),
        [
            (
                r["case"],
                f"{r['ours_ms']:.2f}",
                f"{r['peer_ms']:.2f}",
                ratio_text(r),
                r["peer"],
            )
            for r in records
        ],
    )
    found: list[nodes.Node] = []
    by_kind = pivot(records)
    if by_kind is None:
        found.append(times)
    else:
        kinds, rows = by_kind
        lines = [
            (name, *(ratio_text(row[kind]) if kind in row else "" for kind in kinds))
            for name, row in rows.items()
        ]
        means = [
            f"{mean_ratio([row[kind] for row in rows.values() if kind in row]):.2f}"
            for kind in kinds
        ]
        found.append(table(("", *kinds), [*lines, ("geometric mean", *means)]))
        folded = nodes.admonition(classes=["dropdown"])
        folded += nodes.title(text="Times of all cases")
        folded += times
        found.append(folded)
    found.append(machines(runs))
    return found


def machines(runs: Sequence[dict[str, Any]]) -> nodes.bullet_list:
    """Return where the runs were made, with the names of their cases if there are several."""
    named: dict[str, list[str]] = {}
    for run in runs:
        names = named.setdefault(machine_text(run), [])
        names += [record["case"].partition(", ")[0] for record in run["records"]]
    found = nodes.bullet_list()
    for text, names in named.items():
        which = f"{', '.join(dict.fromkeys(names))}: " if len(named) > 1 else ""
        item = nodes.list_item()
        item += nodes.paragraph(text=which + text)
        found += item
    return found


class Benchmarks(SphinxDirective):
    """Insert the results of one benchmark; the page is built again when they change."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the tables, or a sentence where nothing is recorded."""
        path = RESULTS / f"{self.arguments[0]}.json"
        self.env.note_dependency(str(path))
        self.env.note_dependency(__file__)
        if not path.is_file():
            return [nodes.paragraph(text="Nothing is recorded yet.")]
        try:
            return content(read(path))
        except ValueError as error:
            raise self.error(str(error)) from None


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("benchmarks", Benchmarks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
