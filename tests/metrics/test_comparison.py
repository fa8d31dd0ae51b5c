"""Hand-worked cases, then the formulas of scipy."""

from dataclasses import FrozenInstanceError

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cnnhistory.metrics.comparison import mcnemar


def answers(only_a, only_b, both=0, neither=0):
    a = [True] * only_a + [False] * only_b + [True] * both + [False] * neither
    b = [False] * only_a + [True] * only_b + [True] * both + [False] * neither
    return a, b


def test_seven_coins_of_which_one_shows_tails():
    # 2 (C(7,0) + C(7,1)) / 2^7 = 16 / 128
    found = mcnemar(*answers(6, 1, both=10, neither=83))
    assert found.p_value == pytest.approx(0.125)
    assert (found.n, found.only_a, found.only_b) == (100, 6, 1)
    assert found.difference == pytest.approx(0.05)
    assert not found.significant
    assert "A and B cannot be told apart\n    [measured: " in str(found)


def test_six_coins_all_heads():
    # 2 / 2^6 = 0.03125; only all six on one side are enough: q^6 + (1 - q)^6 = 0.8
    found = mcnemar(*answers(6, 0, neither=194), names=("old", "new"))
    assert found.p_value == pytest.approx(2 / 64)
    q = found.smallest_difference * 200 / 6 / 2 + 0.5
    assert q**6 + (1 - q) ** 6 == pytest.approx(0.8)
    assert str(found) == (
        "new makes fewer errors than old\n"
        "    [measured: of 200 items old alone has 6 wrong, new alone 0; exact McNemar test, p =\n"
        "    0.031; 3 points]"
    )


def test_items_that_both_have_right_or_wrong_say_nothing_to_p():
    assert mcnemar(*answers(9, 2)).p_value == mcnemar(*answers(9, 2, 40, 500)).p_value


def test_equal_answers():
    found = mcnemar(*answers(0, 0, both=3, neither=97))
    assert (found.p_value, found.difference) == (1, 0)
    # six items on one side would have been needed: as in the test of six coins
    six = mcnemar(*answers(6, 0, neither=94))
    assert found.smallest_difference == six.smallest_difference > 0.05


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_p_is_that_of_a_binomial_test(only_a, only_b):
    found = mcnemar(*answers(only_a, only_b, neither=1))
    if only_a + only_b:
        peer = stats.binomtest(only_a, only_a + only_b).pvalue
        assert found.p_value == pytest.approx(peer)
    assert found.p_value == mcnemar(*answers(only_b, only_a, neither=1)).p_value


def test_the_smallest_difference_is_seen_as_often_as_stated():
    found = mcnemar(*answers(50, 50, neither=900), power=0.7)
    q = (found.smallest_difference * 1000 / 100 + 1) / 2
    draws = stats.binom.rvs(100, q, size=20_000, random_state=0)
    p = {k: mcnemar(*answers(k, 100 - k)).p_value for k in set(draws.tolist())}
    seen = sum(p[k] <= 0.05 for k in draws.tolist()) / len(draws)
    assert seen == pytest.approx(0.7, abs=0.015)


def test_more_items_show_smaller_differences():
    few, many = (mcnemar(*answers(5 * k, 5 * k, neither=90 * k)) for k in (1, 10))
    assert many.smallest_difference < few.smallest_difference / 2
    tensors = [torch.tensor(part) for part in answers(5, 5, neither=90)]
    assert mcnemar(*tensors) == few


def test_a_result_is_frozen():
    with pytest.raises(FrozenInstanceError):
        mcnemar(*answers(3, 1)).p_value = 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mcnemar([True], [True, False]), "wrong_a, wrong_b: expected as many answers"),
        (lambda: mcnemar([], []), "wrong_a, wrong_b: expected as many answers"),
        (lambda: mcnemar([True], [True], level=0), "level: expected a number between 0 and 1"),
        (lambda: mcnemar([True], [True], power=1), "power: expected a number between 0 and 1"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
