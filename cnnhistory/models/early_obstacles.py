"""Deep networks as they were built before 2010, to measure why they did not train.

X. Glorot, Y. Bengio (2010), "Understanding the Difficulty of Training Deep Feedforward Neural
Networks" [glorot2010understanding].

What was new: signals and gradients measured layer by layer, and a range for the initial weights
that keeps the size of both from layer to layer.
"""

import math
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.activation import ScaledTanh
from cnnhistory.nn.size import check_images
from cnnhistory.system import ModelCard

Activation = Literal["sigmoid", "tanh", "scaled_tanh", "relu"]
Start = Literal["lecun1989", "standard", "xavier", "he"]

ACTIVATIONS = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "scaled_tanh": ScaledTanh,
    "relu": nn.ReLU,
}

MODELS = dict.fromkeys(
    ("deep_mlp", "deep_convnet"),
    ModelCard((1, 16, 16), data_args={"levels": "symmetric", "size": 16, "pad_to": 16}),
)


def start_bound(start: Start, fan_in: int, fan_out: int) -> float:
    """Return the bound b of U[-b, b], from which the initial weights of a layer are drawn.

    lecun1989: 2.4 / fan_in. standard: 1 / sqrt(fan_in). xavier: sqrt(6 / (fan_in + fan_out)).
    he: sqrt(6 / fan_in). The variance of a weight is b^2 / 3.

    Units: `fan_in` is the number of inputs of one unit, `fan_out` the number of units that one
    input feeds.

    Raises:
        ValueError: `start` is none of these.

    Source: lecun1989backprop, Section 4; glorot2010understanding, equations (1) and (16);
    he2015delving, equation (10), which has a normal distribution of the same variance.
    """
    bounds = {
        "lecun1989": 2.4 / fan_in,
        "standard": 1 / math.sqrt(fan_in),
        "xavier": math.sqrt(6 / (fan_in + fan_out)),
        "he": math.sqrt(6 / fan_in),
    }
    check_one_of("start", start, bounds)
    return bounds[start]


class Chain(nn.Module):
    """Classify an image with a stack of equal layers, each followed by the same squashing.

    Layer i is `layers[i]`, the last one `output`; biases start at 0.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Raises:
        ValueError: the input has another shape than the above, or the activation or the start is
            not one of the known ones.

    Source: glorot2010understanding, Section 2.3, for a stack of dense layers.
    """

    def __init__(
        self,
        layers: list[nn.Linear] | list[nn.Conv2d],
        output: nn.Linear,
        activation: Activation,
        start: Start,
        in_channels: int,
        image_size: int,
    ) -> None:
        super().__init__()
        check_one_of("activation", activation, ACTIVATIONS)
        self.in_channels = in_channels
        self.image_size = image_size
        self.layers = nn.ModuleList(layers)
        self.output = output
        self.activation = ACTIVATIONS[activation]()
        for layer in (*layers, output):
            units, maps = layer.weight.shape[:2]
            window = layer.weight[0, 0].numel()
            bound = start_bound(start, maps * window, units * window)
            nn.init.uniform_(layer.weight, -bound, bound)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        if isinstance(self.layers[0], nn.Linear):
            x = x.flatten(1)
        for layer in self.layers:
            x = self.activation(layer(x))
        return self.output(x.flatten(1))


def deep_mlp(
    depth: int = 5,
    width: int = 100,
    activation: Activation = "tanh",
    start: Start = "standard",
    image_size: int = 16,
    in_channels: int = 1,
    num_classes: int = 10,
) -> Chain:
    """`depth` dense hidden layers of `width` units and a linear output."""
    check_counts(depth=depth, width=width, image_size=image_size)
    check_counts(in_channels=in_channels, num_classes=num_classes)
    sizes = [in_channels * image_size**2, *[width] * depth]
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    output = nn.Linear(width, num_classes)
    return Chain(layers, output, activation, start, in_channels, image_size)


def deep_convnet(
    depth: int = 5,
    maps: int = 8,
    activation: Activation = "tanh",
    start: Start = "standard",
    image_size: int = 16,
    in_channels: int = 1,
    num_classes: int = 10,
) -> Chain:
    """`depth` hidden layers of `maps` maps, 3x3 windows at full size, and a linear output."""
    check_counts(depth=depth, maps=maps, image_size=image_size)
    check_counts(in_channels=in_channels, num_classes=num_classes)
    sizes = [in_channels, *[maps] * depth]
    layers = [nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(sizes)]
    output = nn.Linear(maps * image_size**2, num_classes)
    return Chain(layers, output, activation, start, in_channels, image_size)
