import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.training.recipes import SGD, Steps
from cnnhistory.training.steps import train_steps

X = torch.rand(40, 1, 6, 6, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0, 0, 0] > 0.5).long()


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 2))


def test_a_step_is_one_of_gradient_descent():
    net, by_hand = network(), network()
    train_steps(net, X, Y, SGD(0.5, momentum=0.0), 1, batch_size=40)
    loss = F.cross_entropy(by_hand(X), Y)
    gradient, _ = torch.autograd.grad(loss, [by_hand[1].weight, by_hand[1].bias])
    torch.testing.assert_close(net[1].weight, by_hand[1].weight - 0.5 * gradient)


def test_the_rate_follows_a_schedule():
    net, by_hand = network(), network()
    rule = SGD(0.5, momentum=0.0)
    train_steps(net, X, Y, rule, 2, batch_size=40, schedule=Steps(at=(0.5,), factor=0.1))
    for rate in (0.5, 0.05):
        loss = F.cross_entropy(by_hand(X), Y)
        parameters = [by_hand[1].weight, by_hand[1].bias]
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= rate * gradient
    torch.testing.assert_close(net[1].weight, by_hand[1].weight)


def test_it_learns_and_tells_of_each_step():
    seen = []
    net = train_steps(
        network(), X, Y, SGD(0.5), 100, batch_size=10,
        after_step=lambda step, net: seen.append((step, net.training, net.eval())),
    )  # fmt: skip
    assert [step for step, *_ in seen] == list(range(1, 101))
    assert all(training for _, training, _ in seen)  # put back, whatever is done to it
    assert not net.training
    assert (net(X).argmax(1) == Y).float().mean() > 0.9


def test_every_example_comes_once_an_epoch_in_another_order():
    batches = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1, 1))

        def forward(self, x):
            batches.append(x[:, 0, 0, 0].clone())
            return self.weight.expand(len(x), 2)

    train_steps(Spy(), X, Y, SGD(0.1), 4, batch_size=15)
    first, second = (torch.cat(batches[i : i + 2]) for i in (0, 2))
    assert [len(batch) for batch in batches] == [15] * 4  # ten of forty are left out each time
    assert len(first.unique()) == len(second.unique()) == 30
    assert not torch.equal(first, second)
    train_steps(Spy(), X, Y, SGD(0.1), 1, batch_size=15, seed=1)
    assert not torch.equal(batches[-1], batches[0])


@pytest.mark.parametrize(
    ("steps", "size", "named"), [(0, 4, "steps"), (1, 0, "batch_size"), (1, 41, "batch_size")]
)
def test_numbers_that_cannot_be_are_refused(steps, size, named):
    with pytest.raises(ValueError, match=f"{named}: expected"):
        train_steps(network(), X, Y, SGD(0.1), steps, batch_size=size)


def test_another_loss_learns_along():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, scores, labels):
            return (self.scale * scores[:, 0] - labels).square().mean()

    net, loss = network(), Scaled()
    before = [p.detach().clone() for p in (net[1].weight, loss.scale)]
    train_steps(net, X, Y.float(), SGD(0.1), 3, batch_size=10, loss=loss)
    for old, new in zip(before, (net[1].weight, loss.scale), strict=True):
        assert not torch.equal(old, new)
