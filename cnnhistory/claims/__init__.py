"""What the survey says, statement by statement, and how each is checked.

>>> list_statements(verdict="wrong", system="lenet5")
['lenet5.c1']
>>> verify("lenet5.c1").verdict
'wrong'

The statements stand in the entries of the survey, `cnnhistory/survey/PART/ID.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase

from cnnhistory import registry, survey
from cnnhistory._util.lookup import check_one_of, unknown_id
from cnnhistory.claims.confirm import confirm, confirm_test
from cnnhistory.claims.render import Cards, shown_verdict
from cnnhistory.system import VERDICTS, Finding, Statement

__all__ = [
    "Cards",
    "Finding",
    "Statement",
    "cards",
    "confirm",
    "confirm_test",
    "list_statements",
    "show",
    "statement",
    "to_json",
    "verify",
]


def statement(id: str) -> Statement:
    """Return the record of a statement.

    Raises:
        UnknownIdError: there is none; a KeyError whose message suggests the nearest ids.
    """
    system = str(id).rpartition(".")[0]
    if system in survey.PART_OF:
        for record in survey.entry(system)[1]:
            if record.id == id:
                return record
    raise unknown_id("statement", id, list_statements(), "cnnhistory.claims.list_statements()")


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
    if verdict is not None:
        check_one_of("verdict", verdict, VERDICTS)
    return [
        record.id
        for entry in (survey.PART_OF if system is None else [system])
        for record in survey.entry(entry)[1]
        if fnmatchcase(record.id, glob) and verdict in (None, record.verdict)
    ]


def verify(id: str) -> Finding | None:
    """Compute what decides a statement; None where only the source cited can.

    The computation draws its random numbers from a fixed seed and leaves the state of torch's
    generator as it was.

    Raises:
        UnknownIdError: no such statement; a KeyError whose message suggests the nearest ids.
    """
    decide = statement(id).decide
    if decide is None:
        return None
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        return decide()


def cards(ids: Iterable[str], caption: str = "") -> Cards:
    """Check statements and return them as cards.

    Raises:
        UnknownIdError: no such statement; a KeyError whose message suggests the nearest ids.
    """
    return Cards([(statement(id), verify(id)) for id in ids], caption)


def show(system_id: str) -> Cards:
    """Check what the survey states about a system and return it as cards.

    Raises:
        UnknownIdError: no such system; a KeyError whose message suggests the nearest ids.
        ValueError: no statement about it is entered.
    """
    ids = list_statements(system=system_id)
    if not ids:
        raise ValueError(f"system_id: no statement about {system_id!r} is entered")
    return cards(ids, f"What the survey says about {registry.system(system_id).name}, checked")


def to_json(ids: Iterable[str] | None = None) -> str:
    """Check statements (default: all) and return a JSON list of their records.

    Each has id, system, text, check, verdict (the computed one if there is one), truth and source
    of the statement, and `computed`: the computed facts in words, or null.

    Raises:
        UnknownIdError: no such statement; a KeyError whose message suggests the nearest ids.
    """
    records = []
    for id in list_statements() if ids is None else ids:
        record, finding = statement(id), verify(id)
        records.append(
            {
                "id": record.id,
                "system": record.system,
                "text": record.text,
                "check": record.check,
                "verdict": shown_verdict(record, finding),
                "truth": record.truth,
                "source": record.source,
                "computed": finding.computed if finding else None,
            }
        )
    return json.dumps(records, indent=1)  # ASCII: read and printed anywhere
