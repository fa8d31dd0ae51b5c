"""Each rule against hand-worked steps and against torch's own."""

import copy
import itertools
import math

import pytest
import torch
from torch import nn

from cnnhistory.optim.adadelta import AdaDelta
from cnnhistory.optim.adagrad import AdaGrad
from cnnhistory.optim.adam import Adam
from cnnhistory.optim.momentum import Momentum
from cnnhistory.optim.nag import NAG
from cnnhistory.optim.rmsprop import RMSProp
from cnnhistory.optim.sgd import SGD

RULES = (SGD, Momentum, NAG, AdaGrad, RMSProp, AdaDelta, Adam)


def steps(rule, gradients, start=1.0):
    """Return the parameter after each of these gradients."""
    w = nn.Parameter(torch.tensor([start], dtype=torch.double))
    optimizer = rule([w])
    path = []
    for g in gradients:
        w.grad = torch.tensor([g], dtype=torch.double)
        optimizer.step()
        path.append(w.item())
    return path


def test_by_hand():
    assert steps(lambda p: SGD(p, lr=0.1), [2, -1]) == pytest.approx([0.8, 0.9])
    # v = -0.2, then 0.5 * -0.2 + 0.1 = 0
    assert steps(lambda p: Momentum(p, 0.1, 0.5), [2, -1]) == pytest.approx([0.8, 0.8])
    # v = -0.2: 1 - 0.1 - 0.2; v = 0: 0.7 + 0 + 0.1
    assert steps(lambda p: NAG(p, 0.1, 0.5), [2, -1]) == pytest.approx([0.7, 0.8])
    # sums of squares 9 and 25
    assert steps(lambda p: AdaGrad(p, 0.1, 0), [3, 4]) == pytest.approx([0.9, 0.9 - 0.08])
    # averages 2 and 1 + 8
    assert steps(lambda p: RMSProp(p, 0.1, 0.5, 0), [2, 4]) == pytest.approx(
        [1 - 0.2 / math.sqrt(2), 1 - 0.2 / math.sqrt(2) - 0.4 / 3]
    )
    assert steps(lambda p: RMSProp(p, 0.1, 0.5, 2, eps_inside=True), [2]) == pytest.approx([0.9])
    # the first step is as long as the rate, whatever the gradient
    for g in (1e-4, 5.0, -300.0):
        assert steps(lambda p: Adam(p, 0.1, eps=0), [g]) == pytest.approx(
            [1 - math.copysign(0.1, g)]
        )
    # r = 2, q = 0: sqrt(2) / sqrt(4) * 2
    assert steps(lambda p: AdaDelta(p, rho=0.5, eps=2), [2]) == pytest.approx([1 - math.sqrt(2)])


def trained(optimizer_of, double=True):
    torch.manual_seed(0)
    kind = torch.double if double else torch.float
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)).to(kind)
    x, y = torch.randn(16, 4, dtype=kind), torch.randn(16, 1, dtype=kind)
    optimizer = optimizer_of(net.parameters())
    for _ in range(30):
        optimizer.zero_grad()
        (net(x) - y).square().mean().backward()
        optimizer.step()
    return torch.cat([p.detach().flatten() for p in net.parameters()])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda p: SGD(p, 0.1), lambda p: torch.optim.SGD(p, 0.1, foreach=False)),
        (lambda p: AdaGrad(p, 0.1), lambda p: torch.optim.Adagrad(p, 0.1, foreach=False)),
        (
            lambda p: RMSProp(p, 0.01),
            lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.9, foreach=False),
        ),
        (
            lambda p: RMSProp(p, 0.01, momentum=0.9),
            lambda p: torch.optim.RMSprop(p, 0.01, alpha=0.9, momentum=0.9, foreach=False),
        ),
        (
            lambda p: AdaDelta(p),
            lambda p: torch.optim.Adadelta(p, 1.0, rho=0.95, eps=1e-6, foreach=False),
        ),
        (lambda p: Adam(p), lambda p: torch.optim.Adam(p, foreach=False)),
    ],
    ids=["sgd", "adagrad", "rmsprop", "rmsprop with momentum", "adadelta", "adam"],
)
@pytest.mark.parametrize("double", [True, False])
def test_equals_torch_to_the_last_bit(ours, theirs, double):
    assert torch.equal(trained(ours, double), trained(theirs, double))


@pytest.mark.parametrize(("rule", "nesterov"), [(Momentum, False), (NAG, True)])
def test_momentum_equals_torch_but_for_rounding(rule, nesterov):
    # torch multiplies by the rate after adding up, here each step is multiplied
    theirs = trained(lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, nesterov=nesterov))
    torch.testing.assert_close(trained(lambda p: rule(p, 0.05, 0.9)), theirs)


def test_nag_is_the_gradient_ahead():
    """The two lines of Nesterov, with w and v, on a bowl of two widths."""
    curvature, eta, mu = torch.tensor([1.0, 20.0]).double(), 0.04, 0.8
    w, v = torch.tensor([3.0, -2.0]).double(), torch.zeros(2).double()
    u = nn.Parameter(w.clone())
    optimizer = NAG([u], eta, mu)
    for _ in range(10):
        v = mu * v - eta * curvature * (w + mu * v)
        w = w + v
        u.grad = curvature * u.detach()
        optimizer.step()
        torch.testing.assert_close(u.detach(), w + mu * v)


def test_nag_beats_gradient_descent_on_an_ill_conditioned_bowl():
    curvature = torch.tensor([1.0, 100.0]).double()
    left = {}
    for name, rule in (("sgd", lambda p: SGD(p, 0.01)), ("nag", lambda p: NAG(p, 0.01, 0.9))):
        w = nn.Parameter(torch.ones(2).double())
        optimizer = rule([w])
        for _ in range(100):
            optimizer.zero_grad()
            (curvature * w.square()).sum().div(2).backward()
            optimizer.step()
        left[name] = w.detach().norm().item()
    assert left["nag"] < left["sgd"] / 10


def test_effective_rates():
    """AdaGrad's only fall; RMSProp's recover when gradients become small."""
    gradients = [1.0] * 20 + [0.01] * 200
    effective = {}
    for name, rule in (("adagrad", AdaGrad), ("rmsprop", RMSProp)):
        path = [0.0, *steps(lambda p, rule=rule: rule(p, 0.1), gradients, start=0.0)]
        effective[name] = [
            abs(b - a) / g for a, b, g in zip(path[:-1], path[1:], gradients, strict=True)
        ]
    falls = effective["adagrad"]
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(falls))
    assert effective["rmsprop"][-1] > 20 * effective["rmsprop"][19]


@pytest.mark.parametrize("rule", RULES)
def test_a_stopped_run_goes_on(rule):
    w = nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = rule([w])
    for _ in range(3):
        w.grad = w.detach() ** 2
        optimizer.step()
    other = nn.Parameter(w.detach().clone())
    resumed = rule([other])
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for p, opt in ((w, optimizer), (other, resumed)):
        p.grad = torch.tensor([0.5, 0.25])
        opt.step()
    assert torch.equal(w, other)


@pytest.mark.parametrize("rule", RULES)
def test_settings_are_checked(rule):
    w = [nn.Parameter(torch.ones(1))]
    for lr in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="lr: expected a finite number, at least 0, got"):
            rule(w, lr=lr)
    for name in rule.below_1:
        with pytest.raises(ValueError, match=f"{name}: expected a number below 1"):
            rule(w, **{name: 1.0})


@pytest.mark.parametrize("rule", RULES)
def test_groups_closures_and_missing_gradients(rule):
    a, b, c = (nn.Parameter(torch.ones(2)) for _ in range(3))
    optimizer = rule([{"params": [a]}, {"params": [b], "lr": 0.0}, {"params": [c]}])

    def closure():
        loss = (a.square() + b.square()).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4
    assert not torch.equal(a, torch.ones(2))
    assert torch.equal(b, torch.ones(2))
    assert torch.equal(c, torch.ones(2))


@pytest.mark.parametrize("rule", RULES)
def test_a_nan_gradient_is_refused_by_the_name_of_its_parameter(rule):
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    unnamed = [{"params": [net[0].weight]}, {"params": [net[0].bias, net[1].weight]}]
    for given, which in (
        (unnamed, r"gradient of parameter 1 in group 1: expected numbers, got nan"),
        (net.parameters(), r"gradient of parameter 2 in group 0: expected numbers, got nan"),
        (net.named_parameters(), r"gradient of parameter 2 in group 0 \(1.weight\): expected"),
    ):
        optimizer = rule(given)
        optimizer.zero_grad()
        net(torch.ones(4, 2)).sum().backward()
        net[1].weight.grad[0, 1] = math.nan
        before = [p.detach().clone() for p in net.parameters()]
        with pytest.raises(ValueError, match=f"^{which}"):
            optimizer.step()
        # nothing has changed, so the next batch can go on
        assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
        net[1].weight.grad[0, 1] = 1.0
        optimizer.step()
        assert all(p.isfinite().all() for p in net.parameters())
