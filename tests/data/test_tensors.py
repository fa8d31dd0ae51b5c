import hashlib
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, DataLoader

from cnnhistory.data.tensors import (
    LabeledImages,
    ShuffledSampler,
    as_is,
    digests,
    repeated,
    stratified_holdout,
)


def batches(size, batch, seed, epoch, rank, world):
    sampler = ShuffledSampler(size, seed, rank=rank, world_size=world)
    sampler.set_epoch(epoch)
    found = list(BatchSampler(sampler, batch, drop_last=False))
    assert sum(map(len, found)) == len(sampler)
    return found


def flat(lists):
    return list(itertools.chain.from_iterable(lists))


@given(
    size=st.integers(1, 300),
    batch=st.integers(1, 9),
    world=st.integers(1, 4),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 1000),
)
def test_processes_share_the_batches_of_one(size, batch, world, seed, epoch):
    alone = batches(size, batch * world, seed, epoch, 0, 1)
    assert sorted(flat(alone)) == list(range(size))

    shares = [batches(size, batch, seed, epoch, rank, world) for rank in range(world)]
    assert {len(share) for share in shares} == {len(alone)}
    order = flat(alone)
    again = [order[k % size] for k in range(-size % world)]
    expected = [*alone[:-1], alone[-1] + again]
    together = [flat(parts) for parts in zip(*shares, strict=True)]
    assert [sorted(step) for step in together] == [sorted(step) for step in expected]
    if size % world == 0:
        assert not again
        assert [sorted(step) for step in together] == [sorted(step) for step in alone]


def test_the_order_is_frozen():
    # A recorded run can be repeated only as long as these literals hold.
    sampler = ShuffledSampler(8, seed=0)
    assert list(sampler) == [2, 4, 3, 6, 5, 0, 1, 7]
    sampler.set_epoch(1)
    assert list(sampler) == [1, 3, 7, 6, 0, 4, 2, 5]


def test_the_order_depends_on_seed_and_epoch_and_nothing_else():
    def order(seed, epoch):
        sampler = ShuffledSampler(100, seed)
        sampler.set_epoch(epoch)
        torch.manual_seed(epoch)
        np.random.seed(seed)  # noqa: NPY002
        return tuple(sampler)

    orders = {(seed, epoch): order(seed, epoch) for seed in range(3) for epoch in range(3)}
    assert len(set(orders.values())) == 9  # so (0, 1) is not (1, 0) either
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    assert orders == {key: order(*key) for key in orders}


def test_rank_and_world_come_from_torch_distributed(monkeypatch):
    assert (ShuffledSampler(5).rank, ShuffledSampler(5).num_replicas) == (0, 1)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 2)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 3)
    found = ShuffledSampler(9, seed=4)
    assert (found.rank, found.num_replicas) == (2, 3)
    assert list(found) == list(ShuffledSampler(9, seed=4, rank=0, world_size=1))[2::3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 0}, "size must be at least 1, not 0"),
        ({"size": 3, "seed": -1}, "seed must be at least 0, not -1"),
        ({"size": 3, "rank": 2, "world_size": 2}, "rank"),
    ],
)
def test_sampler_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        ShuffledSampler(**arguments)


def test_labeled_images_come_in_batches():
    images = torch.arange(5.0).reshape(5, 1, 1, 1)
    data = LabeledImages(images, torch.arange(5) * 2)
    assert len(data) == 5
    assert data[3][0].item() == 3
    assert data[3][1].item() == 6
    got = list(DataLoader(data, batch_size=2, collate_fn=as_is))
    assert [labels.tolist() for _, labels in got] == [[0, 2], [4, 6], [8]]
    assert got[1][0].shape == (2, 1, 1, 1)
    got[0][0].zero_()  # a batch is a copy
    assert images.flatten().tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="5 images, but 4 labels"):
        LabeledImages(images, torch.arange(4))


def make(counts, seed=0):
    """Distinct images, `counts[c]` of class c, in random order."""
    labels = np.repeat(np.arange(len(counts)), counts).astype(np.uint8)
    rng = np.random.default_rng(seed)
    rng.shuffle(labels)
    images = np.arange(len(labels), dtype=np.uint16).view(np.uint8).reshape(-1, 2, 1)
    return images, labels


def test_places_by_hand():
    # Shares of 4 of 10: 2, 1.2 and 0.8; the largest remainder gets the place that is left.
    images, labels = make([5, 3, 2])
    kept, held = stratified_holdout(images, labels, 4, seed=0)
    assert np.bincount(labels[held]).tolist() == [2, 1, 1]
    assert np.bincount(labels[kept]).tolist() == [3, 2, 1]


@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    part=st.floats(0, 0.99),
    seed=st.integers(-5, 5),
)
def test_every_class_in_proportion(counts, part, seed):
    images, labels = make(counts)
    size = int(part * len(labels))
    kept, held = stratified_holdout(images, labels, size, seed)
    assert len(held) == size
    assert sorted([*kept, *held]) == list(range(len(labels)))
    got = np.bincount(labels[held], minlength=len(counts))
    assert np.all(np.abs(got - size * np.array(counts) / len(labels)) < 1)


@given(seed=st.integers(0, 10**6), shuffle=st.randoms(use_true_random=False))
def test_the_split_does_not_depend_on_the_order_of_the_file(seed, shuffle):
    images, labels = make([9, 7, 4])
    order = list(range(20))
    shuffle.shuffle(order)
    _, held = stratified_holdout(images, labels, 6, seed)
    _, held_again = stratified_holdout(images[order], labels[order], 6, seed)
    assert {images[i].tobytes() for i in held} == {images[order][i].tobytes() for i in held_again}


def test_another_seed_another_split():
    images, labels = make([50, 50])
    splits = {tuple(stratified_holdout(images, labels, 20, seed)[1]) for seed in range(10)}
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
    kept, held = stratified_holdout(images, labels, 6, seed)
    left = {images[i].tobytes() for i in kept}
    right = [images[i].tobytes() for i in held]
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
    with pytest.raises(ValueError, match=f"cannot hold out {size} of 10 images: give 0 to 9"):
        stratified_holdout(*make([5, 5]), size, seed=0)


def test_too_few_images_that_occur_once():
    images, labels = make([4, 4])
    images = np.concatenate([images, images])
    with pytest.raises(ValueError, match=r"class 0 has 0 images that occur once, and 2 were"):
        stratified_holdout(images, np.concatenate([labels, labels]), 4, seed=0)
