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
