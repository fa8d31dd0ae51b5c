import pytest
from matplotlib.colors import to_hex

from cnnhistory.plotting.figures.xnor import (
    tile,
    words,
)
from cnnhistory.plotting.style import COLORS


def test_the_sum_of_a_word(ax, drawn):
    x, w = [1, -1, 1, 1, -1], [1, 1, -1, 1, -1]
    assert words(x, w, ax=ax) is ax
    boxes = drawn(ax).boxes
    assert len(boxes) == 3 * len(x)
    filled = [to_hex(box.get_facecolor()).upper() == COLORS[1] for box in boxes[-len(x) :]]
    assert filled == [a != b for a, b in zip(x, w, strict=True)]
    assert sum(a * b for a, b in zip(x, w, strict=True)) == 1
    assert "5 − 2·2 = 1" in ax.texts[-1].get_text()
    with pytest.raises(ValueError, match=r"w: expected as many signs as the 5 in x, .*, got 4"):
        words(x, w[:-1], ax=ax)
    with pytest.raises(ValueError, match="w: expected as many signs as the 0 in x, at least one"):
        words([], [], ax=ax)
    with pytest.raises(ValueError, match=r"x, w: expected signs, .*, got"):
        words([0, 1], [1, 1], ax=ax)


def test_a_tile_has_a_count_for_each_pair(ax):
    assert tile(7, 16, ax=ax) is ax
    assert len(ax.patches) == 7 * 16 + 7 + 16
    assert any("112 counts" in text.get_text() for text in ax.texts)
    with pytest.raises(
        ValueError, match=r"pixels, channels: expected at least 1 of each, got \(0, 16\)"
    ):
        tile(0, ax=ax)
