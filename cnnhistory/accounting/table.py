"""The per-layer table: rows, totals, and its two printed forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import Any

from cnnhistory._util.lookup import expected, unknown_id

# A value per image axis; one number where all axes agree; None if the input has no such axis.
PerAxis = int | float | tuple[int | float, ...] | None

ROOT = "(model)"

_HEADINGS = {
    "name": "layer",
    "type": "type",
    "output_shape": "output",
    "parameters": "parameters",
    "multiply_adds": "multiply-adds",
    "executed": "executed",
    "other_ops": "other ops",
    "activations": "activations",
    "connections": "connections",
    "receptive_field": "field",
    "stride": "stride",
}
COLUMNS = tuple(_HEADINGS)[1:]
SUMMED = ("parameters", "multiply_adds", "executed", "other_ops", "activations", "connections")


@dataclass(frozen=True)
class Row:
    """What one layer costs and sees, for one example.

    `multiply_adds` are those of the network; `executed` are those that this implementation of it
    computes, which may be more (products with zeros that stand for missing links).

    Units: `receptive_field` and `stride` in input pixels; everything else counts.
    """

    name: str
    type: str
    output_shape: tuple[int, ...] | None = None
    parameters: int = 0
    multiply_adds: int = 0
    other_ops: int = 0
    activations: int = 0
    connections: int = 0
    receptive_field: PerAxis = None
    stride: PerAxis = None
    executed: int = 0


@dataclass(frozen=True, repr=False)
class LayerTable:
    """The layers of a network in the order in which they run.

    `table["conv1"]` is a `Row`; iterating gives all rows; `table.total` sums them and has the
    output shape, field and stride of the network. The table prints as text, and as HTML where a
    notebook shows it.
    """

    model: str
    input_shape: tuple[int, ...]
    rows: tuple[Row, ...]
    total: Row
    # Default: all, but "executed" only where it differs from "multiply_adds".
    columns: tuple[str, ...] = ()
    # The modules that hold other modules, for `view(depth=...)`: their type, output and field.
    containers: Mapping[str, Row] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if not self.columns:
            same = self.total.executed == self.total.multiply_adds
            shown = (column for column in COLUMNS if not (same and column == "executed"))
            object.__setattr__(self, "columns", tuple(shown))

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, name: str) -> Row:
        """Return the row of a layer.

        Raises:
            UnknownIdError: there is no such layer, a KeyError.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise unknown_id("layer", name, [row.name for row in self.rows])

    def view(self, *, columns: Sequence[str] | None = None, depth: int | None = None) -> LayerTable:
        """Return a table with chosen columns, or with layers summed up to a depth of nesting.

        With `depth=1` each direct child of the network is one row, with `depth=2` each child of
        those, and so on. A summed row has the output shape, field and stride of its module.

        Raises:
            ValueError: `columns` names an unknown column, or `depth` is below 1.
        """
        table = self
        if columns is not None:
            columns = (columns,) if isinstance(columns, str) else tuple(columns)
            if not columns or (unknown := set(columns) - set(COLUMNS)):
                got = ", ".join(sorted(unknown)) if columns else "none"
                raise ValueError(f"columns: expected some of {', '.join(COLUMNS)}, got {got}")
            table = replace(table, columns=columns)
        if depth is not None:
            if depth < 1:
                raise expected("depth", "at least 1", depth)
            table = replace(table, rows=tuple(_grouped(self, depth)))
        return table

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dictionary per row, with every column."""
        return [asdict(row) for row in self.rows]

    def to_json(self, indent: int | None = None) -> str:
        """Return model, input shape, rows and total as JSON."""
        record = {
            "model": self.model,
            "input_shape": self.input_shape,
            "rows": self.to_dicts(),
            "total": asdict(self.total),
        }
        return json.dumps(record, indent=indent)

    def __str__(self) -> str:
        heads = [_HEADINGS[column] for column in ("name", *self.columns)]
        lines = [self._cells(row) for row in (*self.rows, self.total)]
        widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
        numeric = [False, *(_is_numeric(column) for column in self.columns)]

        def line(cells: Iterable[str]) -> str:
            parts = [
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(cells, widths, numeric, strict=True)
            ]
            return "  ".join(parts).rstrip()

        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join(
            [
                self._caption(),
                rule,
                line(heads),
                rule,
                *map(line, lines[:-1]),
                rule,
                line(lines[-1]),
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook: scrolls sideways, takes the colors of the theme."""
        right = ' style="text-align: right; font-variant-numeric: tabular-nums"'
        left = ' style="text-align: left"'
        align = [left, *(right if _is_numeric(column) else left for column in self.columns)]

        def line(row: Row) -> str:
            name, *cells = self._cells(row)
            data = "".join(
                f"<td{style}>{escape(cell)}</td>"
                for cell, style in zip(cells, align[1:], strict=True)
            )
            return f'<tr><th scope="row"{left}>{escape(name)}</th>{data}</tr>'

        caption = escape(self._caption())
        heads = "".join(
            f'<th scope="col"{style}>{_HEADINGS[column]}</th>'
            for column, style in zip(("name", *self.columns), align, strict=True)
        )
        body = "\n".join(line(row) for row in self.rows)
        return (
            f'<div role="region" aria-label="{caption}" tabindex="0" '
            f'style="overflow-x: auto">\n'
            f'<table class="dataframe">\n<caption>{caption}</caption>\n'
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n"
            f"<tfoot>{line(self.total)}</tfoot>\n</table>\n</div>"
        )

    def _caption(self) -> str:
        return f"{self.model}, input {_text(self.input_shape)}"

    def _cells(self, row: Row) -> list[str]:
        return [row.name, *(_text(getattr(row, column)) for column in self.columns)]


def _is_numeric(column: str) -> bool:
    return column not in ("name", "type", "output_shape")


def _text(value: str | PerAxis) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return "×".join(map(_text, value)) or "scalar"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _grouped(table: LayerTable, depth: int) -> Iterator[Row]:
    groups: dict[str, list[Row]] = {}
    for row in table.rows:
        path = re.sub(r" \(\d+\)$", "", row.name)
        groups.setdefault(".".join(path.split(".")[:depth]), []).append(row)
    for name, rows in groups.items():
        if len(rows) == 1 and rows[0].name == name:
            yield rows[0]
            continue
        sums = {key: sum(getattr(row, key) for row in rows) for key in SUMMED}
        # A list of modules has no output of its own: show that of the last one that ran.
        ran = [row for row in rows if row.output_shape is not None] or rows
        base = table.containers.get(name, ran[-1])
        if base.output_shape is None:
            base = replace(ran[-1], type=base.type)
        yield replace(base, name=name, **sums)
