import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnnhistory.data.sizing import normalize_size


def one(rows):
    return np.array([rows], dtype=np.uint8)


def test_a_box_is_cut_out_and_shrunk_by_hand():
    """A 4x4 box of ink off the center, to 2x2: each result is the mean of a block of four."""
    image = np.zeros((1, 7, 9), dtype=np.uint8)
    image[0, 2:6, 3:7] = [[10, 20, 0, 8], [30, 40, 0, 0], [255, 255, 1, 2], [255, 255, 3, 4]]
    assert normalize_size(image, 2).tolist() == [[[25, 2], [255, 3]]]  # 2.5 rounds up


def test_three_pixels_to_two_by_hand():
    # Output 0 covers input 0 and half of input 1: (30 + 60 / 2) / 1.5 = 40; output 1 likewise.
    image = one([[30, 60, 90]] * 3)
    assert normalize_size(image, 2).tolist() == [[[40, 80], [40, 80]]]


def test_the_shorter_side_lies_in_the_middle():
    image = np.zeros((1, 8, 8), dtype=np.uint8)
    image[0, 1:7, 5] = 240  # a stem of 6x1 at the right border
    scaled = normalize_size(image, 6)
    # The square reaches from 2.5 to 8.5: the stem covers half of columns 2 and 3.
    assert scaled[0].tolist() == [[0, 0, 120, 120, 0, 0]] * 6


def test_a_square_of_the_right_size_stays():
    rng = np.random.default_rng(0)
    images = rng.integers(1, 256, (3, 16, 16), dtype=np.uint8)
    framed = np.pad(images, ((0, 0), (3, 9), (12, 0)))
    assert np.array_equal(normalize_size(framed, 16), images)


def test_an_image_without_ink_stays_empty():
    assert normalize_size(np.zeros((2, 5, 5), np.uint8), 3).tolist() == np.zeros((2, 3, 3)).tolist()
    assert normalize_size(np.zeros((0, 5, 5), np.uint8), 3).shape == (0, 3, 3)


def test_more_images_than_are_scaled_at_a_time(monkeypatch):
    from cnnhistory.data import sizing

    images = np.random.default_rng(1).integers(0, 256, (7, 9, 9), dtype=np.uint8)
    whole = normalize_size(images, 4)
    monkeypatch.setattr(sizing, "CHUNK", 3)
    assert np.array_equal(normalize_size(images, 4), whole)


@given(
    arrays(np.uint8, (1, 10, 12), elements=st.integers(0, 255)),
    st.integers(1, 20),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_where_the_digit_lies_does_not_matter(image, side, down, right):
    if image.any():
        moved = np.pad(image, ((0, 0), (down, 5 - down), (right, 5 - right)))
        assert np.array_equal(normalize_size(moved, side), normalize_size(image, side))


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 20))
def test_ink_stays_in_proportion(height, width, side):
    """The mean of the result is the share of the square that the box of ink fills."""
    image = np.full((1, height, width), 255, dtype=np.uint8)
    share = height * width / max(height, width) ** 2
    assert normalize_size(image, side).mean() == pytest.approx(255 * share, abs=0.51)


@pytest.mark.parametrize(
    ("images", "side", "message"),
    [
        (np.zeros((2, 5), np.uint8), 3, r"images: expected bytes of shape \(N, H, W\), got uint8"),
        (np.zeros((1, 5, 5)), 3, "images: expected bytes .* got float64"),
        (np.zeros((1, 5, 5), np.uint8), 0, "side: expected at least 1, got 0"),
    ],
)
def test_bad_input(images, side, message):
    with pytest.raises(ValueError, match=message):
        normalize_size(images, side)
