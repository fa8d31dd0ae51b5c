"""Surfaces, and how fast rules are known to go down them."""

import math

import pytest
import scipy.optimize
import torch

from cnnhistory.optim.momentum import Momentum
from cnnhistory.optim.nag import NAG
from cnnhistory.optim.sgd import SGD
from cnnhistory.optim.surfaces import Bowl, descend, rosenbrock, saddle

RULES = {"SGD": SGD, "NAG": NAG, "Momentum": Momentum}


def test_by_hand():
    bowl = Bowl((2.0, 8.0))
    assert bowl(torch.tensor([3.0, 1.0])).item() == 13
    assert bowl.condition == 4
    assert bowl.tuned("SGD") == (0.125, 0, 0.75)
    assert bowl.tuned("NAG") == (0.125, pytest.approx(1 / 3), 0.5)
    # roots 1 and 2, times sqrt 2: 4 / (sqrt 8 + sqrt 2)^2 = 4 / 18
    assert bowl.tuned("Momentum") == pytest.approx((4 / 18, 1 / 9, 1 / 3))
    assert saddle(torch.tensor([0.0, -1.0])).item() == -0.25


def test_rosenbrock_is_scipys():
    for point in ((-1.2, 1.0), (1.0, 1.0), (0.3, -2.0)):
        w = torch.tensor(point, dtype=torch.double, requires_grad=True)
        height = rosenbrock(w)
        assert height.item() == pytest.approx(scipy.optimize.rosen(point))
        height.backward()
        assert w.grad.tolist() == pytest.approx(scipy.optimize.rosen_der(point).tolist())


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
@pytest.mark.parametrize("name", RULES)
def test_known_factors(name, kappa):
    """The distance falls by the factor, once the other directions and the factor t are small."""
    bowl = Bowl((1.0, math.sqrt(kappa), kappa))
    tuned = bowl.tuned(name)
    settings = {"lr": tuned.lr} | ({} if name == "SGD" else {"momentum": tuned.momentum})
    far = round(-4 / math.log(tuned.factor))
    path = descend(bowl, lambda p: RULES[name](p, **settings), (1.0, 1.0, 1.0), 2 * far)
    distance = path.norm(dim=1)
    measured = float(distance[-1] / distance[far]) ** (1 / far)
    # like t factor^t: twice as far doubles the distance at most
    slack = 1 if name == "SGD" else 2.5 ** (1 / far)
    assert tuned.factor * (1 - 1e-6) <= measured <= tuned.factor * slack * (1 + 1e-6)


def test_a_rate_too_large_leads_away_and_ends_in_nan():
    path = descend(Bowl((1.0, 100.0)), lambda p: SGD(p, lr=0.03), (1.0, 1.0), 3)
    assert path[-1, 1].item() == pytest.approx(-8)
    far = descend(rosenbrock, lambda p: SGD(p, lr=1.0), (-1.2, 1.0), 50)
    assert far[1].isfinite().all()
    assert far[-1].isnan().all()


def test_bad_input():
    for curvatures in ((), (1.0, 0.0), (1.0, -1.0), (math.inf,), (math.nan,)):
        with pytest.raises(ValueError, match="curvatures: expected positive numbers"):
            Bowl(curvatures)
    with pytest.raises(ValueError, match="rule: expected one of SGD"):
        Bowl((1.0,)).tuned("Adam")
    with pytest.raises(ValueError, match="steps: expected a whole number"):
        descend(saddle, SGD, (1.0, 1.0), 0)
    for start in ((), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="start: expected finite numbers"):
            descend(saddle, SGD, start, 1)
