"""What the survey says, statement by statement, and the code that checks it.

>>> list_statements(verdict="wrong", system="lenet5")
['lenet-5.c1']
>>> verify("lenet-5.c1").verdict
'wrong'

Each module here holds the statements of one group of chapters and the functions that decide
them. A new group is a module with `STATEMENTS` and functions under `@check`, added below.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from fnmatch import fnmatchcase

import torch

from cnnhistory import registry
from cnnhistory._util.lookup import unknown_id
from cnnhistory.claims import (
    binary,
    compression,
    early,
    imagenet,
    inception,
    obstacles,
    residual,
    residual_recorded,
    visualization,
)
from cnnhistory.claims.confirm import confirm
from cnnhistory.claims.record import CHECKERS, VERDICTS, Finding, Statement
from cnnhistory.claims.render import StatementTable, shown_verdict

__all__ = [
    "Finding",
    "Statement",
    "StatementTable",
    "confirm",
    "list_statements",
    "show",
    "statement",
    "table",
    "to_json",
    "verify",
]

_ENTERED = (
    *compression.STATEMENTS,
    *binary.STATEMENTS,
    *early.STATEMENTS,
    *obstacles.STATEMENTS,
    *imagenet.STATEMENTS,
    *visualization.STATEMENTS,
    *inception.STATEMENTS,
    *residual.STATEMENTS,
    *residual_recorded.STATEMENTS,
)
_ORDER = {id: place for place, id in enumerate(registry.list_systems())}


def _place(record: Statement) -> tuple[int, int]:
    """The survey's order: that of the systems, then of the numbers."""
    return _ORDER[record.system], int(record.id.rpartition(".c")[2])


_STATEMENTS = {record.id: record for record in sorted(_ENTERED, key=_place)}


def statement(id: str) -> Statement:
    """Return the record of a statement.

    Raises:
        UnknownIdError: there is none; a KeyError whose message suggests the nearest ids.
    """
    if id not in _STATEMENTS:
        raise unknown_id("statement", id, _STATEMENTS, "cnnhistory.claims.list_statements()")
    return _STATEMENTS[id]


def list_statements(
    glob: str = "*", *, system: str | None = None, verdict: str | None = None
) -> list[str]:
    """Return the ids of the statements that match, in the survey's order.

    Args:
        glob: pattern for the id, with `*`, `?` and `[...]`.
        system: id of a system, such as "lenet5"; default: all.
        verdict: one of "correct", "imprecise", "wrong", "unverified", "opinion"; default: all.

    Raises:
        UnknownIdError: no such system; a KeyError whose message suggests the nearest ids.
        ValueError: no such verdict.
    """
    if system is not None:
        registry.system(system)
    if verdict is not None and verdict not in VERDICTS:
        raise ValueError(f"verdict: expected one of {', '.join(VERDICTS)}, got {verdict!r}")
    return [
        record.id
        for record in _STATEMENTS.values()
        if fnmatchcase(record.id, glob)
        and system in (None, record.system)
        and verdict in (None, record.verdict)
    ]


def verify(id: str) -> Finding | None:
    """Compute what decides a statement; None where only the source cited can.

    The computation draws its random numbers from a fixed seed and leaves the state of torch's
    generator as it was.

    Raises:
        UnknownIdError: no such statement; a KeyError whose message suggests the nearest ids.
    """
    statement(id)
    if id not in CHECKERS:
        return None
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return CHECKERS[id]()


def table(ids: Iterable[str], caption: str = "") -> StatementTable:
    """Check statements and return them as a table.

    Raises:
        UnknownIdError: no such statement; a KeyError whose message suggests the nearest ids.
    """
    return StatementTable([(statement(id), verify(id)) for id in ids], caption)


def show(system_id: str) -> StatementTable:
    """Check what the survey states about a system and return it as a table.

    Raises:
        UnknownIdError: no such system; a KeyError whose message suggests the nearest ids.
        ValueError: no statement about it is entered.
    """
    ids = list_statements(system=system_id)
    if not ids:
        raise ValueError(f"system_id: no statement about {system_id!r} is entered")
    return table(ids, f"What the survey says about {registry.system(system_id).name}, checked")


def to_json(ids: Iterable[str] | None = None) -> str:
    """Check statements (default: all) and return a JSON list of their records.

    Each has the fields of `Statement`, where `verdict` is the computed one if there is one, and
    `computed`: the computed facts in words, or null.

    Raises:
        UnknownIdError: no such statement; a KeyError whose message suggests the nearest ids.
    """
    records = []
    for id in list_statements() if ids is None else ids:
        record, finding = statement(id), verify(id)
        fields = dataclasses.asdict(record)
        fields["verdict"] = shown_verdict(record, finding)
        fields["computed"] = finding.computed if finding else None
        records.append(fields)
    return json.dumps(records, indent=1, ensure_ascii=False)
