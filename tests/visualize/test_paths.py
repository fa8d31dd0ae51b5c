import functools
import itertools
from math import comb

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.models.resnet import cifar_resnet, imagenet_resnet
from cnnhistory.visualize.paths import (
    gradients_by_length,
    mean_norm,
    path_gradient,
    path_shares,
    projections,
    sampled_norms,
)


def setting(network, side=8):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(3, 3, side, side, generator=generator, dtype=torch.double)
    network = network.double()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    network.train()(x)
    return network, x, torch.tensor([0, 1, 2])


def networks():
    torch.manual_seed(0)
    yield cifar_resnet(20, width=0.25)
    yield cifar_resnet(14, width=0.25, shortcut="C")
    yield imagenet_resnet(50, num_classes=5, width=1 / 16)


@pytest.mark.parametrize("index", [0, 1])
def test_the_paths_of_each_length_add_up(index):
    """Every one of the 512 or 64 paths, followed one by one."""
    network, x, y = setting(list(networks())[index])
    n = len(network.blocks)
    expected = [torch.zeros_like(x) for _ in range(n + 1)]
    for taken in itertools.product((False, True), repeat=n):
        expected[sum(taken)] += path_gradient(network, x, y, taken, F.cross_entropy)
    found = gradients_by_length(network, x, y, F.cross_entropy)
    assert len(found) == n + 1
    for a, b in zip(found, expected, strict=True):
        assert b.any()
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_all_paths_together_are_the_derivative(index):
    network, x, y = setting(list(networks())[index], side=32)
    found = gradients_by_length(network, x, y, F.cross_entropy)
    leaf = x.clone().requires_grad_()
    F.cross_entropy(network.eval()(leaf), y).backward()
    torch.testing.assert_close(sum(found), leaf.grad)


def test_a_path_without_branches_is_that_of_the_shortcuts():
    """Where the branches add nothing, the gradient has only the path of length 0."""
    network, x, y = setting(cifar_resnet(14, width=0.25))
    for block in network.blocks:
        torch.nn.init.zeros_(block.bn2.weight)
    found = gradients_by_length(network, x, y, F.cross_entropy)
    alone = path_gradient(network, x, y, [False] * 6, F.cross_entropy)
    torch.testing.assert_close(found[0], alone)
    assert found[0].any()
    assert not torch.stack(found[1:]).any()


def test_the_mode_is_kept_and_nothing_is_accumulated():
    network, x, y = setting(cifar_resnet(8, width=0.25))
    state = {key: value.clone() for key, value in network.state_dict().items()}
    gradients_by_length(network.train(), x, y, F.cross_entropy)
    with torch.no_grad():  # as inside an evaluation
        path_gradient(network, x, y, [True] * 3, F.cross_entropy)
    assert network.training
    assert all(p.grad is None for p in network.parameters())
    for key, value in network.state_dict().items():
        assert torch.equal(value, state[key])


def test_shares():
    assert path_shares(2) == [0.25, 0.5, 0.25]
    # veit2016residual, Section 5: of the paths of 54 blocks 0.45 % are 5 to 17 long
    shares = path_shares(54)
    assert sum(shares) == pytest.approx(1)
    assert round(100 * sum(shares[5:18]), 2) == 0.45
    assert shares[27] == comb(54, 27) / 2**54


def test_what_has_no_shortcuts_is_refused():
    x, y = torch.zeros(1, 3, 8, 8), torch.tensor([0])
    for network in (cifar_resnet(8, shortcut=None), torch.nn.Linear(1, 1)):
        with pytest.raises(ValueError, match="network: expected a residual one"):
            gradients_by_length(network, x, y, F.cross_entropy)
    with pytest.raises(ValueError, match="taken: expected 3 entries, got 2"):
        path_gradient(cifar_resnet(8), x, y, [True, False], F.cross_entropy)


def test_sampled_paths_have_the_norm_of_a_path():
    network, x, y = setting(cifar_resnet(14, width=0.25))
    loss = functools.partial(F.cross_entropy, reduction="sum")
    found = sampled_norms(network, x, y, loss, 4, torch.Generator().manual_seed(0))
    assert [len(norms) for norms in found] == [1, 4, 4, 4, 4, 4, 1]
    sums = gradients_by_length(network, x, y, loss)
    # there is one path of length 0, and one of length 6
    assert found[0][0] == pytest.approx(mean_norm(sums[0]))
    assert found[6][0] == pytest.approx(mean_norm(sums[6]))
    singles = [
        mean_norm(path_gradient(network, x, y, [place == i for i in range(6)], loss))
        for place in range(6)
    ]
    assert set(found[1]) <= set(singles)
    assert len(set(found[1])) > 1


def test_norm_and_shares_in_numbers():
    parts = [torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, -1.0]])]
    assert mean_norm(parts[0]) == 3.5
    # G = (4, 4), (0, 1): <G, G> = 33, <G_0, G> = 12 + 16 + 2, <G_1, G> = 4 - 1
    assert projections(parts) == pytest.approx([30 / 33, 3 / 33])
