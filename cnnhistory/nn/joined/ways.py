"""Ways to pass the input of a layer on: added to its output, or kept beside it."""

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import expected


class Added(nn.Module):
    """Add what a layer makes of its input to the input: y = x + f(x).

    Where f keeps its weights at 0, y = x: a deeper network can always be the shallower one.

    Shape: `layer` keeps the shape of its input.

    Raises:
        ValueError: it does not.

    Source: he2016deep, equation (1); identity behind the sum as in he2016identity.

    >>> Added(nn.ReLU())(torch.tensor([-1.0, 2.0])).tolist()
    [-1.0, 4.0]
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of input and output of the layer."""
        y = self.layer(x)
        if y.shape != x.shape:
            raise expected("layer", f"one that keeps the shape {tuple(x.shape)}", tuple(y.shape))
        return x + y


class Concatenated(nn.Module):
    """Put what a layer makes of its input behind the input: y = [x, f(x)] along the channels.

    Everything that was ever computed stays there to be read, unchanged; the maps grow in number.

    Shape: input (N, C, ...), output (N, C + G, ...) for the G maps that the layer makes.

    Raises:
        ValueError: the layer changes the size of the maps.

    Source: huang2017densely, Section 3, equation (2).

    >>> Concatenated(nn.ReLU())(torch.tensor([[-1.0, 2.0]])).tolist()
    [[-1.0, 2.0, 0.0, 2.0]]
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of the input and those of the layer."""
        y = self.layer(x)
        if y.shape[2:] != x.shape[2:] or len(y) != len(x):
            raise expected("layer", f"maps of the size {tuple(x.shape[2:])}", tuple(y.shape))
        return torch.cat([x, y], 1)
