import pytest

from cnnhistory._util.text import aligned


def test_columns_stand_below_each_other():
    lines, widths = aligned([("a", "b", "c"), ("long", "1", ""), ("x", "100", "y")], (0, 1, 0))
    assert lines == ["a       b  c", "long    1", "x     100  y"]
    assert widths == [4, 3, 1]


def test_rows_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="zip"):
        aligned([("a", "b"), ("c",)], (False, False))
