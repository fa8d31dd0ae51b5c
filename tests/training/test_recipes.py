import pytest
import torch

from cnnhistory.optim import adagrad, rmsprop
from cnnhistory.training.recipes import (
    SGD,
    AdaGrad,
    Adam,
    Constant,
    OneCycle,
    RMSProp,
    Steps,
)


def rates(schedule, lr=1.0, total=100):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = SGD(lr=lr)([weight])
    scheduler = schedule(optimizer, total)
    found = []
    for _ in range(total):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def test_one_cycle_rises_to_the_rate_and_falls():
    found = rates(OneCycle(warmup=0.25), lr=0.5)
    assert found[0] == pytest.approx(0.5 / 25)
    assert max(found) == pytest.approx(0.5)
    assert found.index(max(found)) == 24
    assert found[-1] == pytest.approx(0.5 / 250_000)


def test_constant_stays():
    assert set(rates(Constant(), lr=0.3)) == {0.3}


def test_steps_fall_at_the_fractions():
    found = rates(Steps(at=(0.5, 0.75), factor=0.1))
    assert found[49] == 1.0
    assert found[50] == pytest.approx(0.1)
    assert found[74] == pytest.approx(0.1)
    assert found[75] == pytest.approx(0.01)


def test_fractions_are_checked():
    with pytest.raises(ValueError, match="at: expected fractions"):
        Steps(at=(30, 60))


def test_settings_reach_the_optimizer():
    weight = [torch.nn.Parameter(torch.zeros(1))]
    group = SGD(lr=0.2, momentum=0.8, weight_decay=0.1)(weight).param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.2, 0.8, 0.1)
    group = Adam(lr=0.01, weight_decay=0.3)(weight).param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.01, 0.3)
    group = RMSProp(lr=0.01, rho=0.8, momentum=0.7)(weight).param_groups[0]
    assert (group["lr"], group["alpha"], group["momentum"]) == (0.01, 0.8, 0.7)
    assert AdaGrad(lr=0.03)(weight).param_groups[0]["lr"] == 0.03


@pytest.mark.parametrize(
    ("recipe", "rule"),
    [
        (AdaGrad(0.1), lambda p: adagrad.AdaGrad(p, 0.1)),
        (RMSProp(0.01), lambda p: rmsprop.RMSProp(p, 0.01)),
        (RMSProp(0.01, 0.8, 0.9), lambda p: rmsprop.RMSProp(p, 0.01, 0.8, momentum=0.9)),
    ],
)
def test_a_recipe_is_the_rule_that_is_written_out(recipe, rule):
    torch.manual_seed(0)
    start, x = torch.randn(5, 3), torch.randn(8, 5)
    ends = []
    for make in (recipe, rule):
        w = torch.nn.Parameter(start.clone())
        optimizer = make([w])
        for _ in range(20):
            optimizer.zero_grad()
            (x @ w).sin().sum().backward()
            optimizer.step()
        ends.append(w.detach())
    assert torch.equal(*ends)


@pytest.mark.parametrize("recipe", [AdaGrad, RMSProp])
def test_rates_are_checked(recipe):
    with pytest.raises(ValueError, match="lr: expected a number of at least 0"):
        recipe(lr=-1)
