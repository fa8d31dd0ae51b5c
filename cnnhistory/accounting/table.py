"""The per-layer table: rows, totals, and its two printed forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from cnnhistory._util.html import html_table
from cnnhistory._util.lookup import expected, unknown_id
from cnnhistory._util.text import aligned

# A value per image axis; one number where all axes agree; None if the input has no such axis;
# UNKNOWN if the shapes of the tensors do not tell.
PerAxis = int | float | tuple[int | float, ...] | str | None

UNKNOWN = "unknown"

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
        heads, *cells = self._lines()
        lines, widths = aligned([heads, *cells], self._numeric())
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        parts = [self._caption(), rule, lines[0], rule, *lines[1:-1], rule, lines[-1]]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook: scrolls sideways, takes the colors of the theme."""
        heads, *cells, total = self._lines()
        return html_table(heads, cells, self._numeric(), self._caption(), [total])

    def _lines(self) -> list[list[str]]:
        """Return the headings, the cells of each row and those of the total."""
        heads = [_HEADINGS[column] for column in ("name", *self.columns)]
        return [heads, *map(self._cells, (*self.rows, self.total))]

    def _numeric(self) -> list[bool]:
        return [False, *(_is_numeric(column) for column in self.columns)]

    def _caption(self) -> str:
        return f"{self.model}, input {_text(self.input_shape)}"

    def _cells(self, row: Row) -> list[str]:
        return [row.name, *(_text(getattr(row, column)) for column in self.columns)]


def _is_numeric(column: str) -> bool:
    return column not in ("name", "type", "output_shape")


def _text(value: PerAxis) -> str:
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
