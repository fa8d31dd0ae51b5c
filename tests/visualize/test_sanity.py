import pytest
import torch
from torch import nn

from cnnhistory.visualize.sanity import correlation, shuffled


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.Flatten(), nn.Linear(20, 3)
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_last_layers_are_shuffled_and_the_others_kept(count):
    net = network()
    before = [p.clone() for p in net.parameters()]
    made = shuffled(net, count)
    for place, n in enumerate((0, 2, 4)):
        old, new = net[n].weight, made[n].weight
        assert torch.equal(old.flatten().sort().values, new.flatten().sort().values)
        assert torch.equal(old, new) == (place < 3 - count)
        assert torch.equal(net[n].bias, made[n].bias)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), before, strict=True))
    again = shuffled(net, count)
    assert all(
        torch.equal(a, b) for a, b in zip(made.parameters(), again.parameters(), strict=True)
    )


def test_more_layers_go_on_where_fewer_stopped():
    """The layers that both shuffle are shuffled alike, so that only the others differ."""
    one, two = shuffled(network(), 1), shuffled(network(), 2)
    assert torch.equal(one[4].weight, two[4].weight)


def test_a_count_that_is_too_large_is_refused():
    with pytest.raises(ValueError, match="count: expected 0 to 3, got 4"):
        shuffled(network(), 4)


def test_correlation_by_hand():
    a = torch.tensor([[1.0, 2, 3], [1, 2, 3]])
    b = torch.tensor([[2.0, 4, 6], [3, 2, 1]])
    assert correlation(a[:1], b[:1]) == pytest.approx(1)
    assert correlation(a, b) == pytest.approx(0, abs=1e-6)
    assert correlation(a[:1], torch.tensor([[1.0, 0, 0]])) == pytest.approx(-(0.75**0.5))
    assert correlation(a[:1], torch.ones(1, 3)) == 0
    with pytest.raises(ValueError, match=r"b: expected shape \(2, 3\), got \(1, 3\)"):
        correlation(a, b[:1])
