"""Comparing a network with another library's, weight for weight."""

import torch
from torch import nn


def settle(net, x):
    """Set the statistics of all normalizations to those of a batch."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        net.train()(x)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 0.1
    return net.eval()


def copy_in_order(peer, ours):
    """Load a peer's tensors in the order in which they are listed, without copying them."""
    values = peer.state_dict().values()
    state = {}
    for (name, mine), value in zip(ours.state_dict().items(), values, strict=True):
        assert mine.shape == value.shape, f"{name}: {tuple(mine.shape)}, not {tuple(value.shape)}"
        state[name] = value
    ours.load_state_dict(state, assign=True)


def without_dropout(net):
    """Make the outputs of two networks in training mode comparable."""
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return net


def assert_equals_peer(ours, peer, x, modes=(False, True), settling=None):
    """Copy the peer's weights and compare the outputs in evaluation and training mode."""
    torch.manual_seed(0)
    ours, peer = without_dropout(ours), without_dropout(peer.double())
    settle(peer, x if settling is None else settling)
    copy_in_order(peer, ours)
    for training in modes:
        expected = peer.train(training)(x)
        torch.testing.assert_close(ours.train(training)(x), expected, atol=1e-5, rtol=1e-5)
