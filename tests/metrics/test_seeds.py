"""Hand-worked cases, then the formulas of scipy."""

import math
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cnnhistory.metrics.seeds import permutation_test, t_test


def test_a_t_test_by_hand():
    # means 2 and 6, variances 1 and 1: s = sqrt(2/3), t = -4 / s, 4 degrees of freedom
    found = t_test([1, 2, 3], [5, 6, 7])
    statistic = 4 / math.sqrt(2 / 3)
    # for 4 degrees of freedom the distribution function is 1/2 + 3/8 x (1 - x^2/12 ...)
    x = statistic / math.sqrt(1 + statistic**2 / 4)
    assert found.p_value == pytest.approx(2 * (0.5 - 3 / 8 * x * (1 - x**2 / 12)))
    assert (found.mean_a, found.mean_b, found.difference, found.seeds) == (2, 6, -4, (3, 3))
    assert str(found).endswith("difference 4]")


def test_a_paired_test_by_hand():
    # differences 1, 2, 3: mean 2, variance 1, s = sqrt(1/3), two degrees of freedom
    found = t_test([11, 22, 33], [10, 20, 30], paired=True)
    statistic = 2 * math.sqrt(3)
    # for two degrees of freedom the distribution function is 1/2 + t / (2 sqrt(2 + t^2))
    assert found.p_value == pytest.approx(1 - statistic / math.sqrt(2 + statistic**2))
    assert found.difference == 2
    assert "; paired t test, p = " in found.evidence
    assert t_test([11, 22, 33], [10, 20, 30]).p_value > 0.5
    with pytest.raises(ValueError, match="a, b: expected as many results of both, got 2 and 3"):
        t_test([1, 2], [1, 2, 3], paired=True)
    with pytest.raises(ValueError, match="expected results that differ"):
        t_test([1, 2, 3], [2, 3, 4], paired=True)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=8))
def test_p_of_pairs_is_that_of_scipy(pairs):
    a, b = zip(*pairs, strict=True)
    if len({x - y for x, y in pairs}) > 1:
        assert t_test(a, b, paired=True).p_value == pytest.approx(stats.ttest_rel(a, b).pvalue)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 100), min_size=2, max_size=8, unique=True),
    st.lists(st.integers(0, 100), min_size=2, max_size=8, unique=True),
)
def test_p_is_that_of_scipy(a, b):
    peer = stats.ttest_ind(a, b, equal_var=False).pvalue
    assert t_test(a, b).p_value == pytest.approx(peer)


def test_the_smallest_difference_of_the_means():
    # For many seeds t is normal: (1.96 + 0.84) * s
    a = [math.sin(i) for i in range(4000)]
    found = t_test(a, a)
    scale = math.sqrt(2 * stats.tvar(a) / 4000)
    wanted = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * scale
    assert found.smallest_difference == pytest.approx(wanted, rel=1e-3)
    assert found.p_value == 1
    assert "cannot be told apart\n    [measured: " in str(found)
    assert "; a difference of" in found.evidence


def test_all_splits_of_four_values():
    # {1,2|3,4} and its mirror are the two farthest of C(4,2) = 6
    found = permutation_test([1, 2], [3, 4])
    assert (found.p_value, found.splits, found.exact) == (pytest.approx(2 / 6), 6, True)
    assert found.smallest_p == pytest.approx(2 / 6)
    assert "no difference could have been seen: the smallest possible p is 0.33" in found.evidence
    assert permutation_test([1, 3], [2, 4]).p_value == pytest.approx(4 / 6)
    # one against three: the farthest of four
    assert permutation_test([9], [1, 2, 3]).p_value == permutation_test([9], [1, 2, 3]).smallest_p


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 20), min_size=2, max_size=4),
    st.lists(st.integers(0, 20), min_size=2, max_size=4),
)
def test_exact_splits_as_in_scipy(a, b):
    def difference(x, y, axis):
        return abs(x.mean(axis=axis) - y.mean(axis=axis))

    peer = stats.permutation_test(
        (a, b), difference, alternative="greater", n_resamples=math.inf, vectorized=True
    )
    assert permutation_test(a, b).p_value == pytest.approx(peer.pvalue)


def test_random_splits_come_near_the_t_test_and_can_be_repeated():
    a = [math.sin(i) for i in range(30)]
    b = [math.sin(i) + 0.35 for i in range(50, 80)]
    found = permutation_test(a, b)
    assert (found.exact, found.splits) == (False, 20_000)
    assert found.p_value == pytest.approx(t_test(a, b).p_value, abs=0.02)
    assert found == permutation_test(a, b)
    assert found.p_value != permutation_test(a, b, seed=1).p_value
    assert permutation_test([x + 5 for x in a], b).p_value == 1 / 20_000
    assert permutation_test([x + 5 for x in a], b).conclusion == "B has a lower mean than A"


def test_results_are_frozen_and_named():
    for found in (
        t_test([1, 2], [1, 3], names=("new", "old")),
        permutation_test([1, 2], [1, 3], names=("new", "old")),
    ):
        with pytest.raises(FrozenInstanceError):
            found.p_value = 0
        assert "new" in str(found)
        assert "old" in str(found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: t_test([1], [1, 2]), "a: expected the results of at least two seeds, got"),
        (lambda: t_test([1, 1], [2, 2]), "a, b: expected results that differ between seeds"),
        (lambda: t_test([1, 2], [1, 2], level=2), "level: expected a number between 0 and 1"),
        (lambda: permutation_test([1], []), "b: expected at least one result, got"),
        (lambda: permutation_test([1], [1], level=-1), "level: expected a number between"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_exchanges_of_pairs_by_hand():
    # differences 1, 2, 4: of the eight sums of +-1 +-2 +-4 two are as far from 0 as 7
    found = permutation_test([11, 22, 34], [10, 20, 30], paired=True)
    assert (found.p_value, found.splits, found.exact) == (2 / 8, 8, True)
    assert found.smallest_p == 2 / 8
    # differences 1, 2, -4: sums as far as 1 are all
    assert permutation_test([11, 22, 26], [10, 20, 30], paired=True).p_value == 1
    assert "; paired permutation test, all 8 exchanges, p = 0.25" in found.evidence
    assert permutation_test([2], [1], paired=True).p_value == 1
    with pytest.raises(ValueError, match="a, b: expected as many results of both, got 2 and 3"):
        permutation_test([1, 2], [1, 2, 3], paired=True)


def test_exchanges_of_pairs_are_scipys():
    a = [math.sin(3 * i) + 0.2 for i in range(12)]
    b = [math.cos(2 * i) for i in range(12)]
    peer = stats.permutation_test(
        (a, b), lambda x, y, axis: (x - y).mean(axis), permutation_type="samples",
        vectorized=True, n_resamples=10_000,
    )  # fmt: skip
    assert permutation_test(a, b, paired=True).p_value == pytest.approx(peer.pvalue)
    # of many pairs as many ways are drawn
    many = permutation_test([x + 5 for x in a * 2], b * 2, paired=True)
    assert (many.exact, many.splits, many.p_value) == (False, 20_000, 1 / 20_000)
