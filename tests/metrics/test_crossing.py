from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.metrics.crossing import epochs_to


def test_by_hand():
    # The middles of epochs 1, 2, 3 are 0.5, 1.5, 2.5; 25 % lies a quarter of the way to 20 %.
    assert epochs_to(25, [60, 26.25, 21.25]) == pytest.approx(1.5 + 0.25)
    assert epochs_to(20, [60, 20, 20]) == 1.5


def test_the_first_crossing_counts():
    assert epochs_to(0.25, [0.5, 0.2, 0.4, 0.1]) == pytest.approx(0.5 + 0.25 / 0.3)


def test_a_level_that_is_not_reached():
    assert epochs_to(0.1, [0.5, 0.2]) == inf
    assert epochs_to(0.1, [0.5]) == inf


@given(slope=st.floats(0.1, 1), at=st.floats(0.51, 6.5))
def test_a_straight_line_is_met_where_it_is(slope, at):
    """error(t) = 1 - slope * t, sampled at the middles of the epochs."""
    errors = [1 - slope * (p - 0.5) for p in range(1, 8)]
    assert epochs_to(1 - slope * at, errors) == pytest.approx(at, abs=1e-6)


@pytest.mark.parametrize("errors", [[], [0.2, 0.1], [0.25, 0.25]])
def test_a_curve_that_starts_too_low(errors):
    with pytest.raises(ValueError, match=r"errors: expected a first one above 0\.25"):
        epochs_to(0.25, errors)
