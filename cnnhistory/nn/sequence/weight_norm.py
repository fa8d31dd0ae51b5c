"""Weight normalization: the length and the direction of a unit's weights learned apart."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite, check_share


class WeightNormLinear(nn.Module):
    """A dense layer with w = g v / |v| for the weights of each output.

    `direction` holds v, `length` holds g. At first g = |v|, and v is drawn from a normal
    distribution with a standard deviation of sqrt(gain (1 - dropout) / inputs), so that outputs
    vary as much as inputs that are independent, of which dropout silences the share `dropout`. A
    gain of 4 makes up for a gated linear unit behind the layer. Biases begin at 0.

    Shape: input (..., inputs), output (..., outputs); `direction` (outputs, inputs), `length` and
    `bias` (outputs,).

    Raises:
        ValueError: a number is out of range.

    Source: salimans2016weight, equation (2); gehring2017convolutional, Section 3.5.
    """

    def __init__(self, inputs: int, outputs: int, dropout: float = 0.0, gain: float = 1.0) -> None:
        super().__init__()
        check_counts(inputs=inputs, outputs=outputs)
        check_share("dropout", dropout)
        check_finite("gain", gain, positive=True)
        std = math.sqrt(gain * (1 - dropout) / inputs)
        self.direction = nn.Parameter(torch.randn(outputs, inputs) * std)
        self.length = nn.Parameter(self.direction.detach().norm(dim=1))
        self.bias = nn.Parameter(torch.zeros(outputs))

    @property
    def weight(self) -> Tensor:
        """The weights w, (outputs, inputs)."""
        return self.direction * (self.length / self.direction.norm(dim=1))[:, None]

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs."""
        return F.linear(x, self.weight, self.bias)


def folded(network: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode with plain dense layers in place of normalized ones.

    It computes the same and need not norm its weights in every call.
    """
    result = copy.deepcopy(network).eval()
    for name, module in list(result.named_modules()):
        if isinstance(module, WeightNormLinear):
            outputs, inputs = module.direction.shape
            plain = nn.Linear(inputs, outputs, device=module.bias.device, dtype=module.bias.dtype)
            plain.weight.data.copy_(module.weight.data)
            plain.bias.data.copy_(module.bias.data)
            result.set_submodule(name, plain.eval())
    return result
