import pytest

from cnnhistory.metrics.proportion import Interval, binomial_interval


def test_wilson_literal():
    # p = 0.1, n = 10, z = 1.959964: center (p + z²/2n)/(1 + z²/n), half width from the formula
    z2 = 1.959964**2
    center = (0.1 + z2 / 20) / (1 + z2 / 10)
    half = 1.959964 * (0.1 * 0.9 / 10 + z2 / 400) ** 0.5 / (1 + z2 / 10)
    low, high = binomial_interval(1, 10)
    assert low == pytest.approx(center - half, abs=1e-5)
    assert high == pytest.approx(center + half, abs=1e-5)


def test_no_error_still_leaves_doubt():
    interval = binomial_interval(0, 1000)
    assert interval.low == 0
    assert 0.003 < interval.high < 0.004


def test_membership_and_overlap():
    a, b = Interval(0.1, 0.2), Interval(0.2, 0.3)
    assert 0.15 in a
    assert 0.25 not in a
    assert a.overlaps(b)
    assert not a.overlaps(Interval(0.21, 0.3))


@pytest.mark.parametrize(("errors", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_counts_are_refused(errors, n):
    with pytest.raises(ValueError, match="errors, n"):
        binomial_interval(errors, n)


def test_impossible_confidence_is_refused():
    with pytest.raises(ValueError, match="confidence"):
        binomial_interval(1, 2, confidence=95)
