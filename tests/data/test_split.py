import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnhistory.data.split import Part, digests, repeated, stratified_holdout


def make(counts, seed=0):
    """Distinct images, `counts[c]` of class c, in random order."""
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)
    rng = np.random.default_rng(seed)
    rng.shuffle(labels)
    images = np.arange(len(labels), dtype=np.uint16).view(np.uint8).reshape(-1, 2, 1)
    return Part(images, labels)


def keys(part):
    return [image.tobytes() for image in part.inputs]


def test_places_by_hand():
    # Shares of 4 of 10: 2, 1.2 and 0.8; the largest remainder gets the place that is left.
    kept, held = stratified_holdout(make([5, 3, 2]), 4, seed=0)
    assert np.bincount(held.targets).tolist() == [2, 1, 1]
    assert np.bincount(kept.targets).tolist() == [3, 2, 1]


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    part=st.floats(0, 0.99),
    seed=st.integers(-5, 5),
)
def test_every_class_in_proportion(counts, part, seed):
    whole = make(counts)
    size = int(part * len(whole.targets))
    kept, held = stratified_holdout(whole, size, seed)
    assert len(held.targets) == size
    assert sorted(keys(kept) + keys(held)) == sorted(keys(whole))
    got = np.bincount(held.targets, minlength=len(counts))
    assert np.all(np.abs(got - size * np.array(counts) / len(whole.targets)) < 1)


@given(seed=st.integers(0, 10**6), shuffle=st.randoms(use_true_random=False))
def test_the_split_does_not_depend_on_the_order_of_the_file(seed, shuffle):
    whole = make([9, 7, 4])
    order = list(range(20))
    shuffle.shuffle(order)
    _, held = stratified_holdout(whole, 6, seed)
    _, again = stratified_holdout(whole.take(order), 6, seed)
    assert sorted(keys(held)) == sorted(keys(again))


def test_another_seed_another_split():
    whole = make([50, 50])
    splits = {tuple(keys(stratified_holdout(whole, 20, seed)[1])) for seed in range(10)}
    assert len(splits) == 10


@given(
    copies=st.lists(st.integers(0, 59), min_size=1, max_size=25),
    seed=st.integers(0, 1000),
)
def test_no_image_on_both_sides(copies, seed):
    images, labels = make([20, 20, 20])
    # Repeat some images, every other time under another class.
    images = np.concatenate([images, images[copies]])
    other = (labels[copies] + np.arange(len(copies)) % 2) % 3
    labels = np.concatenate([labels, other.astype(np.uint8)])
    kept, held = stratified_holdout(Part(images, labels), 6, seed)
    left, right = set(keys(kept)), keys(held)
    assert left.isdisjoint(right)
    assert len(set(right)) == len(right) == 6


def test_repeated():
    images = np.array([[1, 2], [3, 4], [1, 2], [2, 1], [3, 4], [1, 2]], dtype=np.uint8)
    assert repeated(images).tolist() == [True, True, True, False, True, True]


def test_digest_by_hand():
    image = np.array([[[1, 2], [3, 4]]], dtype=np.uint8)
    expected = hashlib.sha256(b"\x01\x02\x03\x04\x07").digest()
    assert digests(image, np.array([7], dtype=np.uint8)) == [expected]


@pytest.mark.parametrize("size", [-1, 10, 11])
def test_a_size_out_of_range(size):
    with pytest.raises(ValueError, match=f"size: expected 0 to 9, to hold out of 10, got {size}"):
        stratified_holdout(make([5, 5]), size, seed=0)


def test_too_few_images_that_occur_once():
    images, labels = make([4, 4])
    images = np.concatenate([images, images])
    with pytest.raises(ValueError, match=r"of class 0 than its 0 examples that occur once, got 2"):
        stratified_holdout(Part(images, np.concatenate([labels, labels])), 4, seed=0)


def test_examples_of_differing_shapes():
    boxes = [np.array([[0.0, 1.0, 2.0, 3.0]]), np.zeros((0, 4)), np.ones((2, 4))]
    part = Part(["one", "zwei", "trois"], boxes)
    taken = part.take([2, 0])
    assert taken.inputs == ["trois", "one"]
    assert [len(target) for target in taken.targets] == [2, 1]
    assert digests(*part)[1] == hashlib.sha256(b"zwei").digest()
    assert len(set(digests(*part))) == 3
