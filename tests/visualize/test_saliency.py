import pytest
import torch
from torch import nn

from cnnhistory.visualize.saliency import saliency


def test_of_a_linear_network_it_is_the_largest_weight():
    network = nn.Sequential(nn.Flatten(), nn.Linear(2 * 2 * 3, 4)).train()
    x = torch.randn(3, 2, 2, 3)
    targets = torch.tensor([1, 3, 0])
    found = saliency(network, x, targets)
    weights = network[1].weight.view(4, 2, 2, 3).abs().amax(1)
    torch.testing.assert_close(found, weights[targets])
    assert network.training
    assert network[1].weight.grad is None


def test_it_works_where_gradients_are_off():
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with torch.no_grad():
        assert saliency(network, torch.ones(1, 1, 2, 2), torch.tensor([0])).max() > 0


def test_it_agrees_with_small_changes():
    torch.manual_seed(0)
    layers = (nn.Conv2d(1, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(12, 2))
    network = nn.Sequential(*layers).double()
    x = torch.randn(1, 1, 4, 4, dtype=torch.double)
    found = saliency(network, x, torch.tensor([1]))
    step = torch.zeros_like(x)
    step[0, 0, 2, 1] = 1e-6
    change = (network(x + step) - network(x - step))[0, 1] / 2e-6
    assert found[0, 2, 1].item() == pytest.approx(abs(change.item()), rel=1e-5)


def test_bad_targets_are_refused():
    with pytest.raises(ValueError, match=r"targets: expected shape \(2,\), got \(1,\)"):
        saliency(nn.Flatten(), torch.zeros(2, 1, 2, 2), torch.tensor([0]))
