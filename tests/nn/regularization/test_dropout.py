import math

import pytest
import torch
from torch import nn

from cnnhistory.nn.regularization.dropout import Dropout, all_masks, average_of_networks


def test_values_are_silenced_or_divided():
    torch.manual_seed(0)
    x = torch.arange(1.0, 10_001.0)
    y = Dropout(0.25)(x)
    kept = y != 0
    torch.testing.assert_close(y[kept], x[kept] / 0.75)
    assert kept.float().mean().item() == pytest.approx(0.75, abs=0.02)
    plain = Dropout(0.25, inverted=False)(x)
    assert torch.equal(plain[plain != 0], x[plain != 0])


@pytest.mark.parametrize("inverted", [True, False])
@pytest.mark.parametrize("rate", [0.0, 0.5, 0.8])
def test_training_has_the_expectation_of_evaluation(rate, inverted):
    torch.manual_seed(0)
    layer, x = Dropout(rate, inverted=inverted), torch.tensor([1.0, -3.0])
    mean = torch.stack([layer(x) for _ in range(4000)]).mean(0)
    # the standard error of a mean of m / (1 - rate), six times
    error = 6 * math.sqrt(rate / (1 - rate) / 4000) * x.abs() + 1e-6
    assert ((mean - layer.eval()(x)).abs() <= error).all()


def test_both_forms_are_one_network():
    # the inverted form with weights w is the paper's with weights w / (1 - rate)
    x, weights = torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0.5, 1.0, -1.0])
    for train in (True, False):
        torch.manual_seed(1)
        inverted = Dropout(0.5).train(train)(x) @ weights
        torch.manual_seed(1)
        paper = Dropout(0.5, inverted=False).train(train)(x) @ (weights / 0.5)
        torch.testing.assert_close(inverted, paper)


def test_it_is_that_of_torch():
    x = torch.ones(100_000)
    torch.manual_seed(0)
    ours, theirs = Dropout(0.3)(x), nn.Dropout(0.3)(x)
    assert torch.unique(ours).tolist() == pytest.approx(torch.unique(theirs).tolist())
    assert (ours == 0).float().mean().item() == pytest.approx(
        (theirs == 0).float().mean().item(), abs=0.01
    )


def test_gradients_go_where_values_went():
    torch.manual_seed(0)
    x = torch.ones(50, requires_grad=True)
    y = Dropout()(x)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())


def test_all_masks():
    masks, probabilities = all_masks(3, rate=0.2)
    assert masks.shape == (8, 3)
    assert len({tuple(mask) for mask in masks.tolist()}) == 8
    assert probabilities.sum().item() == pytest.approx(1)
    by_hand = {(1, 1, 1): 0.512, (0, 1, 1): 0.128, (0, 0, 1): 0.032, (0, 0, 0): 0.008}
    for mask, probability in zip(masks.tolist(), probabilities.tolist(), strict=True):
        assert probability == pytest.approx(by_hand[tuple(sorted(map(int, mask)))])


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_geometric_mean_is_exact_for_a_softmax_layer(rate):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 8, dtype=torch.double, generator=generator)
    weight = torch.randn(3, 8, dtype=torch.double, generator=generator)
    bias = torch.randn(3, dtype=torch.double, generator=generator)
    masks, probabilities = (part.double() for part in all_masks(8, rate))
    log_p = ((masks[:, None] * x) @ weight.T + bias).log_softmax(-1)  # (2^8, 5, 3)
    scaled = (((1 - rate) * x) @ weight.T + bias).softmax(-1)
    geometric, arithmetic = (
        average_of_networks(log_p, probabilities, mean) for mean in ("geometric", "arithmetic")
    )
    torch.testing.assert_close(geometric, scaled, atol=1e-7, rtol=0)  # probabilities were float
    assert (arithmetic - scaled).abs().max() > 0.01
    torch.testing.assert_close(arithmetic.sum(-1), torch.ones(5, dtype=torch.double),
                               atol=1e-6, rtol=0)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "build"),
    [
        *[("rate", lambda rate=rate: Dropout(rate)) for rate in (1.0, -0.1, float("nan"), "0.5")],
        *[("units", lambda n=n: all_masks(n)) for n in (0, 17, 2.5)],
        ("rate", lambda: all_masks(2, 1.0)),
        ("mean", lambda: average_of_networks(torch.zeros(2, 3), torch.ones(2) / 2, "median")),
        ("weights", lambda: average_of_networks(torch.zeros(2, 3), torch.ones(3) / 3)),
        ("weights", lambda: average_of_networks(torch.zeros(0, 3), torch.ones(0))),
    ],
)
def test_bad_input_is_refused_by_name(name, build):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        build()
