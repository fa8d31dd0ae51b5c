import math

import pytest

from cnnhistory._util.numbers import count_text, size_text


def test_counts_have_three_digits_and_a_unit():
    counts = (0, 999, 1_000, 1_234, 12_345, 25_557_032, 200e9)
    found = [count_text(count) for count in counts]
    assert found == ["0", "999", "1 k", "1.23 k", "12.3 k", "25.6 M", "200 G"]


def test_what_rounds_to_the_next_unit_has_it():
    assert [count_text(n) for n in (999_499, 999_500, 999_999)] == ["999 k", "1 M", "1 M"]


def test_sizes_have_a_unit():
    sizes = (0, 999, 1000, 1e6, 1_719_000, 3e9)
    found = [size_text(size) for size in sizes]
    assert found == ["0 B", "999 B", "1 kB", "1 MB", "1.72 MB", "3 GB"]


@pytest.mark.parametrize("bad", [-1, math.inf, math.nan])
def test_what_is_no_count_is_refused(bad):
    with pytest.raises(ValueError, match="count: expected a finite number of at least 0, got"):
        count_text(bad)
    with pytest.raises(ValueError, match="nbytes: expected a finite number of at least 0, got"):
        size_text(bad)
