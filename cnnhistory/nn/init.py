"""Weight initializations of the papers."""

import torch
from torch import nn


def lecun_uniform_(layer: nn.Conv2d | nn.Linear) -> None:
    """Draw weights and bias in place from U[-2.4/F, 2.4/F], F = inputs of one unit (fan-in).

    Source: lecun1989backprop; lecun1998gradient, Section III.
    """
    bound = 2.4 / layer.weight[0].numel()
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound)
        if layer.bias is not None:
            layer.bias.uniform_(-bound, bound)


def he_normal_(network: nn.Module) -> None:
    """Draw all weights of convolutions and dense layers in place from N(0, 2 / F); biases are 0.

    F is the number of inputs of one unit (fan-in).

    Source: he2015delving, equation (10).
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def normal_(layer: nn.Conv2d | nn.Linear, std: float, bias: float = 0.0) -> None:
    """Draw weights in place from N(0, std^2) and set every bias to a constant.

    Source: krizhevsky2012imagenet, Section 5.
    """
    nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
