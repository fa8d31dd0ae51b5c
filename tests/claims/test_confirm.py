import math

import pytest
import torch

from cnnhistory.claims import confirm, confirm_test
from cnnhistory.claims.confirm import number_text
from cnnhistory.metrics.comparison import mcnemar
from cnnhistory.metrics.seeds import permutation_test, t_test


def test_prints_what_holds(capsys):
    confirm("one is less than two", torch.tensor(1) < torch.tensor(2))
    assert capsys.readouterr().out == "confirmed: one is less than two\n"


def test_stops_at_what_does_not(capsys):
    with pytest.raises(AssertionError, match="does not hold: pigs fly"):
        confirm("pigs fly", False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "bounds", "shown"),
    [
        (5.306, {"at_least": 4}, "over 4 times [measured: 5.31 ≥ 4]"),
        (4, {"at_least": 4}, "over 4 times [measured: 4 ≥ 4]"),
        (3, {"at_most": 4}, "over 4 times [measured: 3 ≤ 4]"),
        (4, {"at_most": 4}, "over 4 times [measured: 4 ≤ 4]"),
        (5, {"over": 4.0}, "over 4 times [measured: 5 > 4]"),
        (torch.tensor(3.5), {"below": 4}, "over 4 times [measured: 3.5 < 4]"),
        (4, {"equals": 4}, "over 4 times [measured: 4 = 4]"),
        (4.25, {"equals": 4, "within": 0.5}, "over 4 times [measured: 4.25 = 4 ± 0.5]"),
    ],
)
def test_the_sentence_has_the_bound_that_is_tested(value, bounds, shown, capsys):
    confirm("over {bound} times", value, **bounds)
    assert capsys.readouterr().out == f"confirmed: {shown}\n"


def test_a_range_has_two_bounds(capsys):
    confirm("between {low} and {high}", 0.05, over=0.01, at_most=0.1, unit="%")
    assert capsys.readouterr().out == (
        "confirmed: between 1 % and 10 % [measured: 1 % < 5 % ≤ 10 %]\n"
    )


@pytest.mark.parametrize(
    ("value", "bounds"),
    [
        (3.9, {"at_least": 4}),
        (4.1, {"at_most": 4}),
        (4, {"over": 4}),
        (4, {"below": 4}),
        (4.1, {"equals": 4}),
        (4.6, {"equals": 4, "within": 0.5}),
        (5, {"over": 1, "below": 4}),
        (0, {"over": 1, "below": 4}),
        (math.nan, {"at_most": 4}),
        (math.nan, {"equals": 4}),
    ],
)
def test_a_bound_that_is_missed_stops_with_the_number(value, bounds, capsys):
    with pytest.raises(AssertionError, match=r"does not hold: so it is \[measured: "):
        confirm("so it is", value, **bounds)
    assert capsys.readouterr().out == ""


def test_a_long_line_goes_on_below(capsys):
    confirm("word " * 16 + "end", 3, below=4)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == ["           [measured: 3 < 4]"]


def test_a_number_needs_a_bound():
    for value in (3.0, torch.tensor(3), 0):
        with pytest.raises(ValueError, match="measured: expected a truth value"):
            confirm("so it is", value)


@pytest.mark.parametrize(
    "bounds",
    [{"over": 1, "at_least": 2}, {"below": 1, "at_most": 2}, {"equals": 1, "below": 3}],
)
def test_bounds_that_do_not_belong_together(bounds):
    with pytest.raises(ValueError, match="expected one lower and one upper bound"):
        confirm("so it is", 1.5, **bounds)


def test_braces_are_kept_where_there_is_no_bound(capsys):
    confirm("the set {0, 1}", True)
    assert capsys.readouterr().out == "confirmed: the set {0, 1}\n"


def test_numbers_are_short():
    assert [number_text(x) for x in (0, 1.0, 12345.6, 0.000123, -2.5)] == [
        "0",
        "1",
        "12,346",
        "0.000123",
        "-2.5",
    ]


BETTER = mcnemar([True] * 8 + [False] * 92, [False] * 100, names=("old", "new"))
ALIKE = mcnemar([True] * 3 + [False] * 97, [False] * 98 + [True] * 2, names=("old", "new"))


def test_a_comparison_says_which_is_lower(capsys):
    confirm_test(BETTER, lower="new")
    text = capsys.readouterr().out
    assert text.startswith("confirmed: new makes fewer errors than old\n")
    assert "p = 0.0078" in text
    confirm_test(ALIKE, lower=None)
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("confirmed: old and new cannot be told apart [measured: ")
    assert "would have been seen with a probability of 80 %" in text


@pytest.mark.parametrize(("found", "lower"), [(BETTER, "old"), (BETTER, None), (ALIKE, "new")])
def test_another_outcome_stops(found, lower):
    with pytest.raises(AssertionError, match="does not hold"):
        confirm_test(found, lower=lower)


@pytest.mark.parametrize("test", [t_test, permutation_test])
def test_means_over_seeds_are_compared(test, capsys):
    a, b = [1.0, 1.1, 1.2, 1.05, 1.15], [2.0, 2.1, 2.2, 2.05, 2.15]
    confirm_test(test(a, b, names=("A", "B")), lower="A")
    assert capsys.readouterr().out.startswith("confirmed: A has a lower mean than B")
    with pytest.raises(AssertionError):
        confirm_test(test(a, b, names=("A", "B")), lower="B")


def test_nbval_compares_the_sentence_without_the_number(capsys):
    import re
    from pathlib import Path

    path = Path(__file__).resolve().parents[2] / "book" / "nbval.cfg"
    pairs = re.findall("^regex: (.*)$\n^replace: (.*)$", path.read_text(), re.MULTILINE)
    ((pattern, new),) = [pair for pair in pairs if "measured" in pair[0]]
    texts = []
    for measured in (5.31, 1234567.8):
        confirm("moved, all err at least {bound} times as often", measured, at_least=4)
        confirm("word " * 15 + "end", measured, at_least=4)
        print("[0, 2, 0]")
        texts.append(re.sub(pattern, new, capsys.readouterr().out))
    assert texts[0] == texts[1]
    assert "at least 4 times as often [measured]\n" in texts[0]
    assert "[0, 2, 0]" in texts[0]
