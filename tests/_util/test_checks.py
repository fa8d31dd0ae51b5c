from fractions import Fraction

import numpy as np
import pytest

from cnnhistory._util.checks import check_counts, check_finite, check_share

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("wrong", [0, -1, 2.0, NAN, INF, True, "3", None, np.int64(0)])
def test_a_count_is_a_whole_number_of_at_least_one(wrong):
    with pytest.raises(ValueError, match=r"^b: expected a whole number, at least 1, got "):
        check_counts(a=1, b=wrong, c=0)
    check_counts(a=1, b=np.int64(7))


def test_the_least_count_can_be_told():
    check_counts(0, padding=0)
    with pytest.raises(ValueError, match=r"^side: expected a whole number, at least 32, got 31$"):
        check_counts(32, side=31)


@pytest.mark.parametrize("wrong", [NAN, INF, -0.1, 1, 1.5, "0.5", None])
def test_a_share_leaves_something(wrong):
    with pytest.raises(ValueError, match=r"^dropout: expected at least 0 and below 1, got "):
        check_share("dropout", wrong)
    for right in (0, 0.0, 0.999, Fraction(1, 2), np.float32(0.5)):
        check_share("dropout", right)


@pytest.mark.parametrize("wrong", [NAN, INF, -INF, "1", None])
def test_a_finite_number(wrong):
    with pytest.raises(ValueError, match=r"^bias: expected a finite number, got "):
        check_finite("bias", wrong)
    with pytest.raises(ValueError, match=r"^width: expected a positive number, got "):
        check_finite("width", wrong, positive=True)
    check_finite("bias", -3)


@pytest.mark.parametrize("wrong", [0, 0.0, -1])
def test_a_positive_number(wrong):
    with pytest.raises(ValueError, match=r"^width: expected a positive number, got "):
        check_finite("width", wrong, positive=True)
