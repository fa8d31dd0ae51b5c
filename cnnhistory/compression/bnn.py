"""BNN, networks of +1 and -1.

M. Courbariaux, I. Hubara, D. Soudry, R. El-Yaniv, Y. Bengio (2016), "Binarized Neural Networks:
Training Deep Neural Networks with Weights and Activations Constrained to +1 or -1"
[courbariaux2016binarized].

What was new: weights and activations are single bits, also in training; the gradient passes the
step as if it were a hard tanh, and real weights behind the bits add up the small changes.
"""

from collections import OrderedDict

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.binary import BinaryConv2d, BinaryLinear, Sign, constrain
from cnnhistory.nn.losses.hinge_loss import SquaredHingeLoss
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.system import PATCHES, ModelCard

# Maps of the 3x3 convolutions, "M" for maximum pooling of 2x2; units of the dense layers.
LAYOUTS = {
    "cifar": ("128 128 M 256 256 M 512 512 M", "1024 1024"),  # Section 2.1, CIFAR-10
    "mlp": ("", "4096 4096 4096"),  # Section 2.1, MNIST
    "digits": ("32 M 64 M", "256"),  # ours, for seconds of training
}

_DIGITS = {"levels": "symmetric", "pad_to": 28}
_CIFAR = ModelCard(
    (3, 32, 32),
    {"width": 1 / 8},
    data=PATCHES,
    network_args={"num_classes": 16, "width": 3 / 16},
)
MODELS = {
    "bnn_cifar": _CIFAR,
    "bnn_mlp": ModelCard(
        (1, 28, 28), {"width": 1 / 8}, data_args=_DIGITS, network_args={"width": 1 / 8}
    ),
    "bnn_digits": ModelCard((1, 28, 28), data_args=_DIGITS),
}


class BNN(nn.Module):
    """Score classes with weights and activations of +1 and -1.

    A block is convolution, maximum pooling where there is one, batch normalization, sign; the
    last dense layer has a normalization but no sign. Every layer has binary weights, also the
    first, whose input is real, and the last. For CIFAR-10: 2 x 128C3 - MP2 - 2 x 256C3 - MP2 -
    2 x 512C3 - MP2 - 2 x 1024FC - 10, 14,022,016 weights, 616,966,144 multiply-adds.

    With `float_counterpart` the weights are real and ReLU stands for the sign: the same network
    without binarization, for comparison. `width` scales the number of maps and units.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes).

    Units: input any fixed range, for the normalization takes it out (the authors' program has -1
    to 1); the largest output belongs to the chosen class. `criterion` is the squared hinge loss.

    Raises:
        ValueError: no such layout, an image size that the poolings do not divide, or an input of
            another shape than the above.

    Source: courbariaux2016binarized, Section 2.1, Algorithm 1; the order in a block from the
    authors' program, which pools before it normalizes.

    Deviations: weights are clipped at the bound of their initialization (see `BinaryConv2d`); no
    dropout and no shift-based normalization.
    """

    def __init__(
        self,
        layout: str = "cifar",
        num_classes: int = 10,
        in_channels: int = 3,
        image_size: int = 32,
        width: float = 1.0,
        float_counterpart: bool = False,
    ) -> None:
        super().__init__()
        check_one_of("layout", layout, LAYOUTS)
        check_counts(num_classes=num_classes, in_channels=in_channels, image_size=image_size)
        convolutions, dense = LAYOUTS[layout]
        shrink = 2 ** convolutions.count("M")
        if image_size % shrink:
            raise expected("image_size", f"a multiple of {shrink}", image_size)
        self.in_channels = in_channels
        self.image_size = image_size
        self.criterion = SquaredHingeLoss()
        layers = OrderedDict[str, nn.Module]()

        def activate(name: int, norm: nn.Module, pool: bool) -> None:
            if pool:
                layers[f"pool{name}"] = nn.MaxPool2d(2)
            layers[f"norm{name}"] = norm
            layers[f"act{name}"] = nn.ReLU() if float_counterpart else Sign()

        n, maps, rows = 0, in_channels, convolutions.split()
        for place, entry in enumerate(rows):
            if entry == "M":
                continue
            is_pooled = rows[place + 1 : place + 2] == ["M"]
            n, out = n + 1, scaled(int(entry), width)
            layers[f"conv{n}"] = (
                nn.Conv2d(maps, out, 3, padding=1, bias=False)
                if float_counterpart
                else BinaryConv2d(maps, out, 3, padding=1, bound=None)
            )
            activate(n, nn.BatchNorm2d(out), is_pooled)
            maps = out
        layers["flatten"] = nn.Flatten()
        units = maps * (image_size // shrink) ** 2
        for entry in [*dense.split(), ""]:
            n, out = n + 1, scaled(int(entry), width) if entry else num_classes
            layers[f"fc{n}"] = (
                nn.Linear(units, out, bias=False)
                if float_counterpart
                else BinaryLinear(units, out, bound=None)
            )
            if entry:
                activate(n, nn.BatchNorm1d(out), False)
            units = out
        layers[f"norm{n}"] = nn.BatchNorm1d(num_classes)
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        return self.layers(x)

    def constrain(self) -> None:
        """Clip the real weights, to be called after a step of the optimizer."""
        constrain(self)


def bnn_cifar(
    num_classes: int = 10,
    in_channels: int = 3,
    image_size: int = 32,
    width: float = 1.0,
    float_counterpart: bool = False,
) -> BNN:
    """The ConvNet for CIFAR-10."""
    return BNN("cifar", num_classes, in_channels, image_size, width, float_counterpart)


def bnn_mlp(
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
    width: float = 1.0,
    float_counterpart: bool = False,
) -> BNN:
    """The network for MNIST: three hidden layers of 4,096 units."""
    return BNN("mlp", num_classes, in_channels, image_size, width, float_counterpart)


def bnn_digits(
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
    width: float = 1.0,
    float_counterpart: bool = False,
) -> BNN:
    """Two convolutions and two dense layers, ours, that learn digits in seconds."""
    return BNN("digits", num_classes, in_channels, image_size, width, float_counterpart)
