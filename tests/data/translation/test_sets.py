import numpy as np
import pytest

from cnnhistory.data.translation.sets import LengthSampler, TokenPairs


def test_a_batch_by_hand():
    pairs = TokenPairs([[5, 6], []], [[8], [9, 10]])
    source, target = pairs.__getitems__([1, 0])
    assert source.tolist() == [[3, 0, 0], [5, 6, 3]]
    assert target.tolist() == [[2, 9, 10, 3], [2, 8, 3, 0]]
    assert pairs.lengths.tolist() == [6, 5]
    assert [part.tolist() for part in pairs[0]] == [[5, 6, 3], [2, 8, 3]]
    with pytest.raises(ValueError, match=r"^targets: expected 1, one a source, got 2"):
        TokenPairs([[5]], [[6], [7]])


def test_every_item_once_an_epoch_in_batches_of_like_length():
    lengths = np.random.default_rng(0).integers(2, 40, 1003)
    sampler = LengthSampler(lengths, 16, seed=1)
    orders = []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        order = np.array(list(sampler))
        assert sorted(order) == list(range(1003))
        orders.append(order)
        batches = lengths[order[:992]].reshape(-1, 16)
        spread = batches.max(1) - batches.min(1)
        assert spread.mean() < 2  # of batches of random items it is 33
    assert (orders[0] != orders[1]).any()
    sampler.set_epoch(0)
    assert (np.array(list(sampler)) == orders[0]).all()


def test_two_processes_see_what_one_sees():
    lengths = np.arange(64)
    one = list(LengthSampler(lengths, 8, rank=0, world_size=1))
    two = [list(LengthSampler(lengths, 8, rank=rank, world_size=2)) for rank in (0, 1)]
    for step in range(8):
        together = {*two[0][4 * step : 4 * step + 4], *two[1][4 * step : 4 * step + 4]}
        assert together == set(one[8 * step : 8 * step + 8])


def test_refuses_no_batch():
    with pytest.raises(ValueError, match=r"^batch_size: expected an integer"):
        LengthSampler(np.arange(4), 0)
