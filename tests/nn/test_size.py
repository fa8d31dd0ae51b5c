import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from cnnhistory.nn.size import check_images, last_halvings, last_side, scaled, window_count


@given(st.integers(1, 60), st.integers(1, 11), st.integers(1, 4), st.integers(0, 5), st.booleans())
def test_counts_the_windows_of_a_pooling(size, kernel, stride, padding, ceil):
    padding = min(padding, kernel // 2)
    count = window_count(size, kernel, stride, padding, ceil)
    if ceil and (count - 1) * stride >= size + padding:
        return  # torch drops a window that starts beyond the image
    x = torch.empty(1, size, size, device="meta")
    if count < 1:
        with pytest.raises(RuntimeError):
            F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil)
    else:
        assert F.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil).shape[1] == count


def test_scaled():
    assert [scaled(64, width) for width in (1, 0.5, 1 / 64, 1e-6)] == [64, 32, 1, 1]
    assert [scaled(96, width, multiple=2) for width in (1, 0.1, 1e-6)] == [96, 10, 2]
    for width in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="width: expected a positive number, got"):
            scaled(64, width)


@pytest.mark.parametrize("wrong", [0, -5, 9, 9.5, float("nan"), "32"])
def test_an_image_of_which_nothing_is_left_is_refused(wrong):
    assert last_side(25, lambda size: (size - 1) // 9) == 2
    with pytest.raises(ValueError, match=r"^image_size: expected at least 10, got "):
        last_side(wrong, lambda size: (size - 1) // 9)


def test_images_of_one_size():
    check_images(torch.zeros(2, 3, 8, 8), 3, 8)
    for shape in [(2, 3, 8, 7), (2, 1, 8, 8), (3, 8, 8), (2, 3, 9, 9)]:
        with pytest.raises(ValueError) as error:
            check_images(torch.zeros(shape), 3, 8, hint="crop them")
        assert str(error.value) == (
            f"x: expected a batch of images of shape (N, 3, 8, 8), got {shape}; crop them"
        )


def test_images_of_any_size_from_a_smallest_on():
    check_images(torch.zeros(2, 1, 4, 9), 1, at_least=4)
    check_images(torch.zeros(2, 1, 1, 1), 1)
    with pytest.raises(ValueError, match=r"\(N, 1, H, W\) with H and W at least 4, got .*3\)$"):
        check_images(torch.zeros(2, 1, 4, 3), 1, at_least=4)


def test_the_first_strides_are_left_out():
    strides = (2, 1, 2, 1, 2)
    assert [last_halvings(strides, n) for n in range(4)] == [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 2],
        [1, 1, 2, 1, 2],
        [2, 1, 2, 1, 2],
    ]
    assert last_halvings((2, 2, 1, 2, 2), 2) == [1, 1, 1, 2, 2]
    with pytest.raises(ValueError, match="halvings: expected an integer from 0 to 3, got 4"):
        last_halvings(strides, 4)
