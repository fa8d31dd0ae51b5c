import dataclasses
import functools
import json
import re

import pytest
import torch
from claim_helpers import made_up

import cnnhistory
from cnnhistory import claims, survey
from cnnhistory._util.lookup import UnknownIdError
from cnnhistory.claims import (
    Finding,
    cards,
    list_statements,
    show,
    statement,
    to_json,
    verify,
)
from cnnhistory.papers import list_papers
from cnnhistory.system import VERDICTS

EVERY = pytest.mark.parametrize("id", list_statements())


def put(monkeypatch, id, decide):
    """Let another function decide a statement."""
    changed = dataclasses.replace(statement(id), decide=decide)
    system, statements = survey.entry(changed.system)
    others = tuple(changed if one.id == id else one for one in statements)
    entry = survey.entry

    def instead(wanted):
        return (system, others) if wanted == changed.system else entry(wanted)

    monkeypatch.setattr(survey, "entry", instead)


found = functools.cache(verify)

# VGG-16, C3, conv1: names, not numbers
NAME = re.compile(r"\b[A-Za-z][\w-]*\d[\w-]*")
NUMBER = re.compile(
    r"[\d.,]*\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|ninth|tenth)\b", re.I
)


def unfounded(truth, phrases):
    """Return the numbers of a truth that stand in none of the phrases."""
    for phrase in sorted(phrases, key=len, reverse=True):
        truth = truth.replace(phrase, "")
    return NUMBER.findall(NAME.sub("", truth))


@EVERY
def test_the_truth_says_what_was_computed(id):
    finding, record = found(id), statement(id)
    if finding is not None:
        phrases = [*finding.facts, *record.quoted]
        assert [phrase for phrase in phrases if phrase not in record.truth] == []
        assert unfounded(record.truth, phrases) == []


def test_a_truth_with_a_wrong_number_is_seen():
    record, facts = statement("lenet5.c8"), found("lenet5.c8").facts
    assert unfounded(record.truth, facts) == []
    assert unfounded(record.truth.replace("60", "61"), facts) == ["61", "96"]
    assert unfounded("VGG-16 has three layers, F6 2.4 times more.", []) == ["three", "2.4"]


@EVERY
def test_the_computed_verdict_is_the_recorded_one(id):
    finding = found(id)
    if finding is None:
        assert statement(id).check == "cite"
    else:
        assert finding.verdict == statement(id).verdict
        assert finding.computed


@EVERY
def test_a_statement_is_decided_by_a_program_or_cited(id):
    assert (statement(id).decide is not None) == (statement(id).check != "cite")


@EVERY
def test_a_statement_names_its_system_and_its_source(id):
    record = statement(id)
    assert cnnhistory.system(record.system).id == record.system == id.rpartition(".")[0]
    key, _, place = record.source.partition(", ")
    assert key in list_papers()
    assert place
    assert record.text.endswith(".")
    assert record.truth.endswith(".")


def test_statements_by_pattern_system_and_verdict():
    assert list_statements("lenet5.c[12]") == ["lenet5.c1", "lenet5.c2"]
    assert list_statements(system="lenet5", verdict="correct") == ["lenet5.c2", "lenet5.c8"]
    assert list_statements(system="alexnet", verdict="opinion") == ["alexnet.c7"]
    by_verdict = [id for verdict in VERDICTS for id in list_statements(verdict=verdict)]
    assert sorted(by_verdict) == sorted(list_statements())


def test_unknown_ids_are_refused():
    with pytest.raises(UnknownIdError, match=r"unknown statement 'lenet-5\.c1'; did you mean 'len"):
        statement("lenet-5.c1")
    for look_up in (verify, lambda id: cards([id]), lambda id: to_json([id])):
        with pytest.raises(UnknownIdError, match=r"unknown statement 'x\.c1'"):
            look_up("x.c1")
    with pytest.raises(UnknownIdError, match="unknown system 'lenet-5'; did you mean 'lenet5'"):
        show("lenet-5")
    with pytest.raises(UnknownIdError, match="unknown system"):
        list_statements(system="lenet")
    with pytest.raises(ValueError, match=r"verdict: expected one of correct, .* got 'false'"):
        list_statements(verdict="false")
    with pytest.raises(ValueError, match="no statement about 'tracking_misc' is entered"):
        show("tracking_misc")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "lenet5"}, "id: expected a form like"),
        ({"id": "lenet5.c0"}, "id: expected a form like"),
        ({"id": "lenet5.x1"}, "id: expected a form like"),
        ({"id": "lenet-5.c1"}, "id: expected a form like"),
        ({"check": "guess"}, "check: expected one of count, rf, algebra, exp, cite"),
        ({"verdict": "false"}, "verdict: expected one of correct, imprecise, wrong"),
    ],
)
def test_a_malformed_record_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        made_up(**changes)


def test_a_finding_needs_a_known_verdict():
    with pytest.raises(ValueError, match="verdict: expected one of"):
        Finding("maybe", "1 = 1")


def test_a_citation_has_no_function_and_a_computation_has_one():
    def decide():
        return Finding("wrong", "1")

    with pytest.raises(ValueError, match="decide: expected a function, or None for a citation"):
        made_up(decide=decide)
    with pytest.raises(ValueError, match="decide: expected a function"):
        made_up(check="count")
    assert made_up(check="count", decide=decide).decide is decide
    with pytest.raises(ValueError, match="quoted: expected nothing for a citation"):
        made_up(quoted=("60",))


def test_checking_leaves_the_random_state_alone(monkeypatch):
    drawn = []

    def draws():
        drawn.append(torch.rand(3).tolist())
        return Finding("correct", "drawn")

    put(monkeypatch, "lenet5.c2", draws)
    torch.manual_seed(5)
    expected = torch.rand(2).tolist()
    torch.manual_seed(5)
    verify("lenet5.c2")
    assert torch.rand(2).tolist() == expected
    verify("lenet5.c2")
    assert drawn[0] == drawn[1]


def test_json_has_the_records_and_what_was_computed(monkeypatch):
    first, second = json.loads(to_json(["lenet5.c8", "lenet5.c6"]))
    assert first["id"] == "lenet5.c8"
    assert first["verdict"] == "correct"
    assert "60 of 96" in first["computed"]
    assert second["computed"] is None
    assert second["source"].startswith("lecun1998gradient, ")
    monkeypatch.setattr(claims, "verify", found)
    assert [record["id"] for record in json.loads(to_json())] == list_statements()
    monkeypatch.undo()
    put(monkeypatch, "lenet5.c8", lambda: Finding("wrong", "none of 96"))
    assert json.loads(to_json(["lenet5.c8"]))[0]["verdict"] == "wrong"
