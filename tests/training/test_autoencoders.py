"""Auto-encoders side by side are the same as one by one with the package's rule."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.nn.init import sparse_, xavier_uniform_
from cnnhistory.optim.momentum import Momentum
from cnnhistory.training.autoencoders import (
    Arm,
    best_of,
    rising,
    train_autoencoders,
    with_seeds,
)

ARMS = [
    Arm(xavier_uniform_, 0.02, 0.0, 1),
    Arm(sparse_, 0.01, 0.9, 2),
    Arm(xavier_uniform_, 0.005, 0.99, 3),
]


def images():
    return torch.rand(40, 12, generator=torch.Generator().manual_seed(0))


def alone(arm, steps, every):
    torch.manual_seed(arm.seed)
    layers = [nn.Linear(n, m) for n, m in ((12, 8), (8, 3), (3, 8), (8, 12))]
    net = nn.Sequential(layers[0], nn.Tanh(), layers[1], layers[2], nn.Tanh(), layers[3])
    arm.start(net)
    rule, random = Momentum(net.parameters(), arm.lr), torch.Generator().manual_seed(5)
    for step in range(steps):
        batch = images()[torch.randint(40, (10,), generator=random)]
        rule.param_groups[0]["momentum"] = rising(step, arm.momentum, every)
        rule.zero_grad()
        F.binary_cross_entropy_with_logits(net(batch), batch, reduction="sum").div(10).backward()
        rule.step()
    return (net(images()).sigmoid() - images()).square().sum(1).mean().item()


def test_equals_each_alone():
    together = train_autoencoders(
        images(), ARMS, hidden=(8, 3), steps=30, batch_size=10, every=4, seed=5
    )
    assert together(images()).shape == (3, 40, 12)
    wanted = [alone(arm, 30, 4) for arm in ARMS]
    assert together.errors(images()) == pytest.approx(wanted, rel=1e-4)
    assert len({round(error, 3) for error in wanted}) == 3


def test_the_momentum_is_the_papers():
    for step in (0, 249, 250, 1000, 5000, 10**6):
        paper = min(1 - 2 ** (-1 - math.log2(step // 250 + 1)), 0.99)
        assert rising(step, 0.99) == pytest.approx(paper)
    assert rising(10**6, 0.0) == 0


def test_one_that_diverges_leaves_the_others_alone():
    good, bad = Arm(xavier_uniform_, 0.01), Arm(xavier_uniform_, 1e18)
    settings = {"hidden": (8, 3), "steps": 20, "batch_size": 10}
    (alone,) = train_autoencoders(images(), [good], **settings).errors(images())
    beside, lost = train_autoencoders(images(), [good, bad], **settings).errors(images())
    assert beside == pytest.approx(alone)
    assert not lost < 3 * alone


def test_training_leaves_the_random_state_alone():
    torch.manual_seed(0)
    wanted = torch.rand(1)
    torch.manual_seed(0)
    train_autoencoders(images(), ARMS, hidden=(8, 3), steps=1, batch_size=10)
    assert torch.equal(torch.rand(1), wanted)


def test_the_best_of_each_kind():
    arms = [Arm(start, lr, 0.9) for start in (sparse_, xavier_uniform_) for lr in (0.1, 0.2)]
    best = best_of(arms, [3.0, math.nan, 2.0, 1.0])
    assert [arm.lr for arm in best.values()] == [0.1, 0.2]
    assert [arm.seed for arm in with_seeds(arms[0], range(2))] == [0, 1]


def test_bad_input():
    for lr in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="lr: expected a positive number"):
            Arm(sparse_, lr)
    with pytest.raises(ValueError, match="momentum: expected at least 0 and below 1"):
        Arm(sparse_, 0.1, 1.0)
    good = {"hidden": (3,), "steps": 1, "batch_size": 10}
    for arms, change, what in (
        ([], {}, "arms, hidden"),
        (ARMS, {"hidden": ()}, "arms, hidden"),
        (ARMS, {"steps": 0}, "steps"),
        (ARMS, {"every": 0}, "every"),
        (ARMS, {"batch_size": 41}, "images"),
    ):
        with pytest.raises(ValueError, match=f"^{what}: expected"):
            train_autoencoders(images(), arms, **good | change)
    with pytest.raises(ValueError, match="errors: expected 1, one for each arm"):
        best_of(ARMS[:1], [])
    with pytest.raises(ValueError, match="errors: expected a number for each start"):
        best_of(ARMS[:1], [math.nan])
