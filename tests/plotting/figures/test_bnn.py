import pytest
from matplotlib.colors import to_hex

from cnnhistory.plotting.figures.bnn import KINDS, bit_rows, block


def test_a_block_has_a_gradient_for_each_signal(ax, drawn):
    assert block(ax=ax) is ax
    arrows = drawn(ax).arrows
    dashed = [arrow for arrow in arrows if arrow.get_linestyle() != "-"]
    # Five signals along the block, two from the weights; the legend has three and one.
    assert len(arrows) - len(dashed) == 5 + 2 + 3
    assert len(dashed) == 5 + 2 + 1
    # Nothing but real numbers goes backward.
    real = KINDS["real numbers"].lower()
    assert {to_hex(arrow.get_edgecolor()) for arrow in dashed} == {real}
    # Convolution turns bits into whole numbers, normalization those into real ones.
    forward = [a for a in arrows if a.get_linestyle() == "-"][:5]
    order = ["bits", "whole numbers", "whole numbers", "real numbers", "bits"]
    assert [to_hex(a.get_edgecolor()).upper() for a in forward] == [KINDS[kind] for kind in order]
    words = [text.get_text() for text in ax.texts]
    assert words.count("sign") == 2
    figure = ax.figure
    figure.draw_without_rendering()
    frame = ax.get_window_extent()
    for text in ax.texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1 + 60, text.get_text()


def test_rows_of_bits(ax, drawn):
    assert bit_rows({"x": [1, 0, 1], "w": [0, 0, 1]}, ["", "two differ"], ax=ax) is ax
    squares = drawn(ax).boxes
    assert len(squares) == 6
    filled = [to_hex(square.get_facecolor()) != "#ffffff" for square in squares]
    assert filled == [True, False, True, False, False, True]
    assert "two differ" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("rows", "ends", "message"),
    [
        ({}, (), "rows: expected words of equal length"),
        ({"x": [1], "w": [1, 0]}, (), "rows: expected words of equal length"),
        ({"x": [2]}, (), "of zeros and ones"),
        ({"x": [1]}, ("a", "b"), "ends: expected 1, got 2"),
        # an eighth row would have no color, and was left out once
        ({str(n): [1] for n in range(8)}, (), "rows: expected 1 to 7 different names"),
    ],
)
def test_bad_rows_are_refused(ax, rows, ends, message):
    with pytest.raises(ValueError, match=message):
        bit_rows(rows, ends, ax=ax)
