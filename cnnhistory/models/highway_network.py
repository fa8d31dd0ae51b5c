"""Highway networks and the plain networks that they are compared with.

R. K. Srivastava, K. Greff, J. Schmidhuber (2015), "Training Very Deep Networks"
[srivastava2015training].

What was new: a learned gate decides, unit by unit, how much of a layer's input is replaced and
how much is carried on. Gates start nearly closed, so that a deep stack begins as little more than
a copy and trains where a plain one does not.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images
from cnnhistory.system import ModelCard

Activation = Literal["relu", "tanh"]

# Section 3.1: units of a layer, chosen so that both kinds have about 5,000 parameters a layer.
HIGHWAY_WIDTH = 50
PLAIN_WIDTH = 71
# Section 3.1: layers before the output, the first of which is always plain.
DEPTHS = (10, 20, 50, 100)
# Section 4.1 and Figure 2: the best 50-layer network for MNIST started with this.
GATE_BIAS = -2.0

MODELS = dict.fromkeys(
    ("highway", "highway_plain", "highway_conv"),
    ModelCard((1, 28, 28), data_args={"pad_to": 28}),
)


class Highway(nn.Module):
    """Replace a part of the input, chosen by a gate, and carry the rest.

    y = H(x) T(x) + x (1 - T(x)) with the transform H and T(x) = sigmoid(gate(x)).

    Shape: `transform` and `gate` keep the shape of their input, and so does the layer.

    Source: srivastava2015training, equation (3).
    """

    def __init__(self, transform: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.transform = transform
        self.gate = gate

    def forward(self, x: Tensor) -> Tensor:
        """Return the mixture of input and transform."""
        return torch.lerp(x, self.transform(x), torch.sigmoid(self.gate(x)))


class HighwayNetwork(nn.Module):
    """Classify an image with a plain layer, a stack of highway or plain layers and a linear one.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: srivastava2015training, Section 3. Weights start as in he2015delving, normal with
    variance 2 / fan-in; biases at 0, those of the gates at `gate_bias`.
    """

    def __init__(
        self,
        first: nn.Sequential,
        layers: nn.Sequential,
        output: nn.Linear,
        in_channels: int,
        image_size: int,
        gate_bias: float,
    ) -> None:
        super().__init__()
        check_finite("gate_bias", gate_bias)
        self.in_channels = in_channels
        self.image_size = image_size
        self.first = first
        self.layers = layers
        self.output = output
        he_normal_(self)
        for module in self.modules():
            if isinstance(module, Highway):
                assert isinstance(module.gate.bias, Tensor)
                nn.init.constant_(module.gate.bias, gate_bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        return self.output(self.layers(self.first(x)).flatten(1))


def _activation(name: Activation) -> nn.Module:
    check_one_of("activation", name, ("relu", "tanh"))
    return nn.ReLU(inplace=True) if name == "relu" else nn.Tanh()


def _dense_network(
    depth: int,
    width: int,
    gate_bias: float | None,
    activation: Activation,
    num_classes: int,
    in_channels: int,
    image_size: int,
) -> HighwayNetwork:
    """Return a fully connected network; a plain one without `gate_bias`."""
    check_counts(depth=depth, width=width, num_classes=num_classes)
    check_counts(in_channels=in_channels, image_size=image_size)

    def dense(inputs: int) -> nn.Sequential:
        return nn.Sequential(nn.Linear(inputs, width), _activation(activation))

    def layer() -> nn.Module:
        plain = dense(width)
        return plain if gate_bias is None else Highway(plain, nn.Linear(width, width))

    first = nn.Sequential(nn.Flatten(), *dense(in_channels * image_size**2))
    layers = [layer() for _ in range(depth - 1)]
    return HighwayNetwork(
        first,
        nn.Sequential(*layers),
        nn.Linear(width, num_classes),
        in_channels,
        image_size,
        0.0 if gate_bias is None else gate_bias,
    )


def highway(
    depth: int = 50,
    width: int = HIGHWAY_WIDTH,
    gate_bias: float = GATE_BIAS,
    activation: Activation = "tanh",
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
) -> HighwayNetwork:
    """The fully connected highway network for MNIST; `depth` counts the layers before the output.

    The paper has depths 10, 20, 50 and 100, and searched for the activation (ReLU or tanh) and
    for the gate bias (-1 to -10).
    """
    return _dense_network(depth, width, gate_bias, activation, num_classes, in_channels, image_size)


def highway_plain(
    depth: int = 50,
    width: int = PLAIN_WIDTH,
    activation: Activation = "tanh",
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
) -> HighwayNetwork:
    """The plain network that the paper compares with: 71 units a layer, no gates."""
    return _dense_network(depth, width, None, activation, num_classes, in_channels, image_size)


def highway_conv(
    width: int = 16, gate_bias: float = GATE_BIAS, num_classes: int = 10, in_channels: int = 1
) -> HighwayNetwork:
    """The convolutional highway network for MNIST: 9 layers of 16 or 32 maps, 38,730 or 151,178.

    The first convolution is plain, since a highway layer cannot change the number of maps. Every
    third layer is followed by pooling: 28 -> 14 -> 7 -> 3.
    """
    check_counts(width=width, num_classes=num_classes, in_channels=in_channels)

    def conv(maps: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(maps, width, 3, padding=1), nn.ReLU(inplace=True))

    layers: list[nn.Module] = []
    for n in range(2, 10):
        layers.append(Highway(conv(width), nn.Conv2d(width, width, 3, padding=1)))
        if n % 3 == 0:
            layers.append(nn.MaxPool2d(2))
    return HighwayNetwork(
        conv(in_channels),
        nn.Sequential(*layers),
        nn.Linear(width * 3 * 3, num_classes),
        in_channels,
        28,
        gate_bias,
    )
