import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, DataLoader

from cnnhistory.data.tensors import LabeledImages, ShuffledSampler, as_is


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
        ({"size": 0}, "size: expected an integer of at least 1, got 0"),
        ({"size": 3, "seed": -1}, "seed: expected an integer of at least 0, got -1"),
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
    with pytest.raises(ValueError, match="labels: expected 5, one an image, got 4"):
        LabeledImages(images, torch.arange(4))
