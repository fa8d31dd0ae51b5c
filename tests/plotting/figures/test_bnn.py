import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.patches import FancyArrowPatch, Rectangle

from cnnhistory.plotting.bnn import KINDS, bit_rows, block, tiles


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def patches(ax, kind):
    return [patch for patch in ax.patches if isinstance(patch, kind)]


def test_a_block_has_a_gradient_for_each_signal(ax):
    assert block(ax) is ax
    arrows = patches(ax, FancyArrowPatch)
    dashed = [arrow for arrow in arrows if arrow.get_linestyle() != "-"]
    # Five signals along the block, two from the weights; the legend has three and one.
    assert len(arrows) - len(dashed) == 5 + 2 + 3
    assert len(dashed) == 5 + 2 + 1
    # Nothing but real numbers goes backward.
    real = KINDS["real numbers"].lower()
    assert {to_hex(arrow.get_edgecolor()) for arrow in dashed} == {real}
    words = [text.get_text() for text in ax.texts]
    assert words.count("sign") == 2
    figure = ax.figure
    figure.draw_without_rendering()
    frame = ax.get_window_extent()
    for text in ax.texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1 + 60, text.get_text()


def test_rows_of_bits(ax):
    bit_rows(ax, {"x": [1, 0, 1], "w": [0, 0, 1]}, ["", "two differ"])
    squares = patches(ax, Rectangle)
    assert len(squares) == 6
    filled = [to_hex(square.get_facecolor()) != "#ffffff" for square in squares]
    assert filled == [True, False, True, False, False, True]
    assert "two differ" in [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(
    ("rows", "ends", "message"),
    [
        ({}, (), "expected words of equal length"),
        ({"x": [1], "w": [1, 0]}, (), "expected words of equal length"),
        ({"x": [2]}, (), "of zeros and ones"),
        ({"x": [1]}, ("a", "b"), "ends: expected 1, got 2"),
    ],
)
def test_bad_rows_are_refused(ax, rows, ends, message):
    with pytest.raises(ValueError, match=message):
        bit_rows(ax, rows, ends)


@pytest.mark.parametrize("shape", [(5, 3, 3), (5, 3, 3, 3)])
def test_tiles_do_not_overlap(ax, shape):
    images = np.linspace(0, 1, int(np.prod(shape))).reshape(shape)
    tiles(ax, images, 3, list("abcde"))
    assert [text.get_text() for text in ax.texts] == list("abcde")
    boxes = [tuple(image.get_extent()) for image in ax.images]
    assert len(set(boxes)) == 5
    assert boxes[1][0] > boxes[0][1]  # beside the first
    assert boxes[3][3] > boxes[0][2]  # below it
    for left, right, bottom, top in boxes:
        assert right - left == 3
        assert bottom - top == 3


def test_bad_tiles_are_refused(ax):
    with pytest.raises(ValueError, match=r"images: expected \(N, H, W\)"):
        tiles(ax, np.zeros((3, 3)), 2)
    with pytest.raises(ValueError, match="titles: expected 2, got 1"):
        tiles(ax, np.zeros((2, 3, 3)), 2, ["a"])
