"""Nothing that looks inside a network changes a mode: a frozen normalization stays frozen."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnhistory.accounting.clock import forward_seconds
from cnnhistory.nn.residual import BasicBlock
from cnnhistory.visualize.activations import activations
from cnnhistory.visualize.gradients import gradient_flow
from cnnhistory.visualize.occlusion import class_probability, map_activation
from cnnhistory.visualize.paths import gradients_by_length, path_gradient
from cnnhistory.visualize.probe import layer_features
from cnnhistory.visualize.saliency import saliency


class Residual(nn.Module):
    """Two blocks; the first normalization is frozen, the second block is in training."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 2, 3, padding=1)
        self.blocks = nn.Sequential(BasicBlock(2, 2, 1, "A"), BasicBlock(2, 2, 1, "A"))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(2, 3)

    def forward(self, x):
        return self.fc(self.avgpool(self.blocks(self.stem(x))).flatten(1))


X, Y = torch.rand(2, 1, 4, 4), torch.tensor([0, 2])


@pytest.mark.parametrize(
    "look",
    [
        lambda net: activations(net, X, ["stem"]),
        lambda net: layer_features(net, X, ["stem"]),
        lambda net: gradient_flow(net, X, Y, ["stem"], F.cross_entropy),
        lambda net: saliency(net, X, Y),
        lambda net: class_probability(net, 1)(X),
        lambda net: map_activation(net, "stem", 1)(X),
        lambda net: path_gradient(net, X, Y, [True, False], F.cross_entropy),
        lambda net: gradients_by_length(net, X, Y, F.cross_entropy),
        lambda net: forward_seconds(net, (1, 4, 4), repeat=1),
    ],
    ids=[
        "activations", "features", "gradient flow", "saliency", "probability", "map", "path",
        "lengths", "clock",
    ],
)  # fmt: skip
def test_every_module_keeps_its_own_mode(look):
    network = Residual().train()
    network.blocks[0].bn1.eval()
    before = {name: module.training for name, module in network.named_modules()}
    look(network)
    assert {name: module.training for name, module in network.named_modules()} == before
    assert before["blocks.1.bn1"]
    assert not before["blocks.0.bn1"]
