import dataclasses

import pytest
from zoo_helpers import made_record, seed_result

from cnnhistory.zoo.format import Artifact, Provenance, check_record, renumbered


def test_a_record_says_means_seeds_and_what_is_kept():
    record = made_record(seed_result(0, 7, b"a"), seed_result(3, 9, seconds=2.5))
    assert record.errors == [0.007, 0.009]
    assert record.error == pytest.approx(0.008)
    assert record.mean("train_error") == 0.001
    assert record.seconds == 2.0
    assert [result.seed for result in record.kept()] == [0]
    assert (record.result(3).errors, record.result(3).n) == (9, 1000)
    assert record.processors == "x"
    assert made_record(seed_result(seconds=None), seed_result(1)).seconds is None
    with pytest.raises(ValueError, match="seed: expected one of 0, 3, got 1"):
        record.result(1)
    with pytest.raises(ValueError, match="metric: expected one of test_error, train_error, got"):
        record.values("bleu")


def test_curves_come_from_the_history_or_stand_alone():
    result = seed_result(history=[{"epoch": 0, "a": 1.0}, {"epoch": 1, "a": 2.0, "b": 3.0}])
    assert result.curve("a") == [1.0, 2.0]
    assert result.curve("accepted_error") == [0.007, 0.006]
    assert result.rows("epoch", "a") == [[0, 1.0], [1, 2.0]]
    with pytest.raises(ValueError, match="curve: expected one of epoch, a, b, accepted_error"):
        result.curve("x")
    with pytest.raises(ValueError, match="columns: expected some of epoch, a, b, got 'b'"):
        result.rows("a", "b")


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ((), "results: expected at least one seed"),
        ((seed_result(), seed_result()), "results: expected each seed once"),
        ((seed_result(metrics={"test_error": 0.5}),), r"seed 0.test_error: expected count / n"),
        ((seed_result(counts={"test_error": (7, 0)}),), "expected count / n"),
        ((seed_result(provenance=1),), "expected a provenance of the record"),
        (
            (seed_result(), seed_result(1, metrics={"test_error": 0.007})),
            "seed 1: expected metrics",
        ),
        *(
            ((seed_result(artifacts={"weights": Artifact(name, "", 0)}),), "expected a file name")
            for name in ("../x", "/x", "a/b", "a\\b", ".x", "a\x1b[2J", "c:x")
        ),
    ],
)
def test_a_record_that_contradicts_itself_is_refused(results, message):
    with pytest.raises(ValueError, match=message):
        check_record(made_record(*results))


def test_each_provenance_is_kept_once():
    one, two = (Provenance({}, {"processor": name}, "x") for name in "ab")
    again = dataclasses.replace(one)
    results, origins = renumbered(
        [(seed_result(2), two), (seed_result(0), one), (seed_result(1), again)]
    )
    assert [result.seed for result in results] == [0, 1, 2]
    assert [result.provenance for result in results] == [0, 0, 1]
    assert origins == (one, two)
