import pytest
import torch
from torch import nn

from cnnhistory.training.loop import Training, train

X = torch.rand(40, 1, 6, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0, 0, 0] > 0.5).long()


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.Tanh(), nn.Linear(8, 2))


def loss(net):
    return nn.functional.cross_entropy(net(X), Y).item()


def test_it_learns():
    net = network()
    before = loss(net)
    assert train(net, X, Y, Training(60, 2e-2, batch_size=10), seed=0) is net
    assert loss(net) < before / 3
    assert not net.training


def test_the_first_step_is_that_of_adam_with_the_warmed_up_rate():
    """Adam's first step moves every weight by the rate; half of a warm-up of 4 is an eighth."""
    net = network()
    before = net[3].bias.detach().clone()
    train(net, X, Y, Training(1, 1e-3, batch_size=40, warmup=4.0), seed=0)
    torch.testing.assert_close((net[3].bias - before).abs(), torch.full((2,), 1.25e-4))


def test_same_seed_same_network_and_another_pass_has_another_order():
    settings = Training(2, 1e-2, batch_size=7, shift=1)
    nets = [train(network(), X, Y, settings, seed=s, first_epoch=e)
            for s, e in ((3, 0), (3, 0), (4, 0), (3, 2))]  # fmt: skip
    states = [net[1].weight for net in nets]
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])
    assert not torch.equal(states[0], states[3])


def test_two_stretches_see_the_orders_of_one_long_one():
    seen = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1, 1))

        def forward(self, x):
            seen.append(x[:, 0, 0, 0].clone())
            return self.weight.expand(len(x), 2)

    train(Spy(), X, Y, Training(2, 1e-3, batch_size=40), seed=1)
    train(Spy(), X, Y, Training(1, 1e-3, batch_size=40), seed=1)
    train(Spy(), X, Y, Training(1, 1e-3, batch_size=40), seed=1, first_epoch=1)
    assert torch.equal(torch.stack(seen[:2]), torch.stack(seen[2:]))
    assert not torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0].sort().values, X[:, 0, 0, 0].sort().values)


def test_shifted_images_are_moved_by_whole_pixels_in_each_direction():
    picture = torch.zeros(1, 1, 5, 5)
    picture[0, 0, 2, 2] = 1
    places = set()

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1, 1))

        def forward(self, x):
            assert x.shape == picture.expand(200, 1, 5, 5).shape
            assert (x.sum((1, 2, 3)) == 1).all()
            places.update(map(tuple, x.nonzero()[:, 2:].tolist()))
            return self.weight.expand(len(x), 2)

    many = picture.expand(200, 1, 5, 5)
    train(Spy(), many, torch.zeros(200).long(), Training(1, 1e-3, shift=1), seed=0)
    assert places == {(row, column) for row in (1, 2, 3) for column in (1, 2, 3)}


def test_half_of_the_images_are_mirrored():
    picture = torch.zeros(1, 1, 5, 5)
    picture[0, 0, 2, 4] = 1
    at_left = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1, 1))

        def forward(self, x):
            assert ((x[:, 0, 2, 0] == 1) ^ (x[:, 0, 2, 4] == 1)).all()
            assert (x.sum((1, 2, 3)) == 1).all()
            at_left.append(x[:, 0, 2, 0].mean().item())
            return self.weight.expand(len(x), 2)

    many = picture.expand(400, 1, 5, 5)
    train(Spy(), many, torch.zeros(400).long(), Training(1, 1e-3, 0, 400, mirror=True), seed=0)
    assert 0.4 < at_left[0] < 0.6


def test_no_decay_for_biases_and_shared_values():
    net = nn.Linear(2, 2)
    with torch.no_grad():
        net.bias.fill_(10.0)
    before = net.weight.detach().clone()
    images, labels = torch.zeros(4, 2, 1, 1).flatten(1), torch.tensor([0, 1, 0, 1])
    images = images.view(4, 2, 1, 1)
    wrapped = nn.Sequential(nn.Flatten(), net)
    train(wrapped, images, labels, Training(1, 1e-2, 1.0, batch_size=4, warmup=0.5), seed=0)
    assert torch.equal(net.bias, torch.tensor([10.0, 10.0]))  # balanced classes: no gradient
    assert (net.weight.abs() < before.abs()).all()


def test_floor_keeps_the_rate_up():
    def moved(floor):
        net = network()
        before = net[3].bias.detach().clone()
        settings = Training(3, 1e-3, batch_size=40, warmup=0.01, floor=floor)
        train(net, X, Y, settings, seed=0)
        return (net[3].bias - before).abs().max().item()

    assert moved(1.0) == pytest.approx(3e-3, rel=0.1)
    assert moved(0.0) < 2e-3


def test_after_each_pass_and_none_at_all():
    passes = []
    train(network(), X, Y, Training(3, 1e-3), seed=0, after_epoch=passes.append)
    assert len(passes) == 3
    untouched = train(network(), X, Y, Training(0, 1e-3), seed=0)
    assert torch.equal(untouched[1].weight, network()[1].weight)


def test_bfloat16_computes_nearly_the_same():
    nets = [train(network(), X, Y, Training(2, 1e-2, batch_size=10, bfloat16=b), seed=0)
            for b in (False, True)]  # fmt: skip
    a, b = (net[1].weight for net in nets)
    assert b.dtype == torch.float32
    assert not torch.equal(a, b)
    torch.testing.assert_close(a, b, atol=0.02, rtol=0)


@pytest.mark.parametrize("settings", [Training(-1, 1e-3), Training(1, 1e-3, batch_size=0)])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValueError, match="settings: expected epochs of at least 0"):
        train(network(), X, Y, settings, seed=0)
