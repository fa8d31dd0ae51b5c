"""Layers that read the maps of all layers before them.

Source: G. Huang, Z. Liu, L. van der Maaten, K. Weinberger (2017) [huang2017densely].
"""

from collections import OrderedDict
from functools import partial

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.recompute import keep_inputs

BOTTLENECK = 4  # maps of the 1x1 convolution of a layer, times the growth rate


class DenseLayer(nn.Module):
    """Read all maps so far, return `growth` new ones.

    H(x) = W * r(BN(x)) with r = ReLU and 3x3 kernels; with a bottleneck (B)
    H(x) = W2 * r(BN(W1 * r(BN(x)))), where W1 of 1x1 brings any number of maps to four times the
    growth rate.

    Shape: input (N, in_channels, H, W), output (N, growth, H, W).

    Raises:
        ValueError: a number is below 1, or `dropout` is not at least 0 and below 1.

    Source: huang2017densely, Section 3, "Composite function" and "Bottleneck layers".
    """

    def __init__(
        self, in_channels: int, growth: int, bottleneck: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, growth=growth)
        check_share("dropout", dropout)
        layers = OrderedDict[str, nn.Module]()
        if bottleneck:
            inner = BOTTLENECK * growth
            layers["bn1"] = nn.BatchNorm2d(in_channels)
            layers["relu1"] = nn.ReLU(inplace=True)
            layers["conv1"] = nn.Conv2d(in_channels, inner, 1, bias=False)
            in_channels = inner
        layers["bn2"] = nn.BatchNorm2d(in_channels)
        layers["relu2"] = nn.ReLU(inplace=True)
        layers["conv2"] = nn.Conv2d(in_channels, growth, 3, padding=1, bias=False)
        layers["dropout"] = nn.Dropout(dropout)
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return the new maps."""
        return self.layers(x)


class DenseBlock(nn.Module):
    """Give every layer the maps of all before it: x_l = H_l([x_0, x_1, ..., x_{l-1}]).

    With `save_memory` the concatenated and normalized maps, whose number grows with the square of
    the depth, are not kept for the backward pass but made again: the same outputs and gradients for
    less memory and more time.

    Shape: input (N, in_channels, H, W), output (N, in_channels + layers * growth, H, W).

    Raises:
        ValueError: a number is below 1.

    Source: huang2017densely, equation (2), Figure 1; pleiss2017memory for the memory.
    """

    def __init__(
        self,
        in_channels: int,
        layers: int,
        growth: int,
        bottleneck: bool = True,
        dropout: float = 0.0,
        save_memory: bool = False,
    ) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, layers=layers, growth=growth)
        self.out_channels = in_channels + layers * growth
        self.save_memory = save_memory
        self.layers = nn.ModuleList(
            DenseLayer(in_channels + n * growth, growth, bottleneck, dropout) for n in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the input and the maps of all layers, side by side."""
        maps = [x]
        for layer in self.layers:
            if self.save_memory and self.training and any(m.requires_grad for m in maps):
                new = keep_inputs(partial(_join, layer), layer, *maps)
            else:
                new = _join(layer, *maps)
            maps.append(new)
        return torch.cat(maps, 1)


def _join(layer: nn.Module, *maps: Tensor) -> Tensor:
    return layer(torch.cat(maps, 1))
