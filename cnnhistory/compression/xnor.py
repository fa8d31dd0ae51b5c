"""XNOR-Net and the Binary-Weight-Network.

M. Rastegari, V. Ordonez, J. Redmon, A. Farhadi (2016), "XNOR-Net: ImageNet Classification Using
Binary Convolutional Neural Networks" [rastegari2016xnor].

What was new: signs with a scale. The mean absolute weight of a filter is the best factor for its
signs, so a binary-weight network loses little; binary inputs get a scale at each place, and the
block is turned round, so that normalization comes right before the sign.
"""

from collections import OrderedDict
from typing import Literal

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory.nn.binary import BinaryConv2d, ScaledSignConv2d, Sign, constrain
from cnnhistory.nn.sign import WeightGradient
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.system import PATCHES, ModelCard

Form = Literal["xnor", "bwn", "float"]

# Maps of the 3x3 convolutions, "M" for maximum pooling of 2x2; units of the dense layers.
LAYOUTS = {
    "cifar": ("128 128 M 256 256 M 512 512 M", "1024 1024"),  # BNN's for CIFAR-10
    "digits": ("32 M 64 M", "256"),
}

_DIGITS = {"levels": "symmetric", "pad_to": 28}
_CIFAR = ModelCard(
    (3, 32, 32),
    {"width": 1 / 8},
    data=PATCHES,
    network_args={"num_classes": 16, "width": 3 / 16},
)
MODELS = {
    "xnor_cifar": _CIFAR,
    "bwn_cifar": _CIFAR,
    "xnor_digits": ModelCard((1, 28, 28), data_args=_DIGITS),
    "bwn_digits": ModelCard((1, 28, 28), data_args=_DIGITS),
}


class XNORNet(nn.Module):
    """Score classes; between a real first and a real last layer everything is binary.

    The first block is convolution, normalization, ReLU; the last one normalization, ReLU, linear.
    Between them, with `form`

    - "xnor": normalization, sign, binary convolution, pooling where there is one. A maximum of
      signs would nearly always be +1, so pooling comes after the sums; with `input_scale` they
      have the factor K of their place;
    - "bwn": convolution with scaled binary kernels, normalization, ReLU, pooling;
    - "float": the same with real kernels, the counterpart for comparison.

    Dense layers are convolutions, the first with a kernel as large as its maps. For CIFAR-10 the
    layers are those of BNN; `width` scales the number of maps and units.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Raises:
        ValueError: no such form or layout, an image size that the poolings do not divide, or an
            input of another shape than the above.

    Source: rastegari2016xnor, Section 3, Figure 3; the first and the last layer from Section 4.

    Deviations: the paper's networks are for ImageNet; the layout is BNN's. The authors' program
    has no K, whose gain they found small (`input_scale=False`), subtracts the mean over the
    channels from each kernel before it takes the signs, which we leave out, and its normalizations
    have no scale and shift of their own.
    """

    def __init__(
        self,
        layout: str = "cifar",
        form: Form = "xnor",
        num_classes: int = 10,
        in_channels: int = 3,
        image_size: int = 32,
        width: float = 1.0,
        input_scale: bool = True,
        gradient: WeightGradient = "paper",
    ) -> None:
        super().__init__()
        check_one_of("layout", layout, LAYOUTS)
        check_counts(num_classes=num_classes, in_channels=in_channels, image_size=image_size)
        check_one_of("form", form, ("xnor", "bwn", "float"))
        convolutions, dense = LAYOUTS[layout]
        shrink = 2 ** convolutions.count("M")
        if image_size % shrink:
            raise expected("image_size", f"a multiple of {shrink}", image_size)
        self.in_channels = in_channels
        self.image_size = image_size
        layers = OrderedDict[str, nn.Module]()
        rows, side = convolutions.split(), image_size
        maps = scaled(int(rows[0]), width)
        layers["conv1"] = nn.Conv2d(in_channels, maps, 3, padding=1, bias=False)
        layers["norm1"] = nn.BatchNorm2d(maps)
        layers["act1"] = nn.ReLU()
        n = 1
        for entry in [*rows[1:], *dense.split()]:
            if entry == "M":
                layers[f"pool{n}"] = nn.MaxPool2d(2)
                side //= 2
                continue
            n, out = n + 1, scaled(int(entry), width)
            is_dense = n > len(rows) - rows.count("M")
            size, padding = (side, 0) if is_dense else (3, 1)
            if is_dense:
                side = 1
            layers.update(_block(n, form, maps, out, size, padding, input_scale, gradient))
            maps = out
        if form == "xnor":
            layers[f"norm{n + 1}"] = nn.BatchNorm2d(maps)
            layers[f"act{n + 1}"] = nn.ReLU()
        layers["flatten"] = nn.Flatten()
        layers[f"fc{n + 1}"] = nn.Linear(maps, num_classes)
        self.layers = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        return self.layers(x)

    def constrain(self) -> None:
        """Clip the real weights, to be called after a step of the optimizer."""
        constrain(self)


def _block(
    n: int,
    form: Form,
    maps: int,
    out: int,
    size: int,
    padding: int,
    input_scale: bool,
    gradient: WeightGradient,
) -> OrderedDict[str, nn.Module]:
    if form == "xnor":
        block = OrderedDict[str, nn.Module]({f"norm{n}": nn.BatchNorm2d(maps)})
        if input_scale:
            block[f"conv{n}"] = ScaledSignConv2d(
                maps, out, size, padding=padding, gradient=gradient
            )
        else:
            block[f"sign{n}"] = Sign()
            block[f"conv{n}"] = BinaryConv2d(
                maps, out, size, padding=padding, scale=True, gradient=gradient
            )
        return block
    convolution = (
        nn.Conv2d(maps, out, size, padding=padding, bias=False)
        if form == "float"
        else BinaryConv2d(maps, out, size, padding=padding, scale=True, gradient=gradient)
    )
    return OrderedDict[str, nn.Module](
        {f"conv{n}": convolution, f"norm{n}": nn.BatchNorm2d(out), f"act{n}": nn.ReLU()}
    )


def xnor_cifar(
    num_classes: int = 10,
    in_channels: int = 3,
    image_size: int = 32,
    width: float = 1.0,
    input_scale: bool = True,
    float_counterpart: bool = False,
) -> XNORNet:
    """XNOR-Net in the layout of BNN's ConvNet for CIFAR-10."""
    form: Form = "float" if float_counterpart else "xnor"
    return XNORNet("cifar", form, num_classes, in_channels, image_size, width, input_scale)


def xnor_digits(
    num_classes: int = 10,
    in_channels: int = 1,
    image_size: int = 28,
    width: float = 1.0,
    input_scale: bool = True,
    float_counterpart: bool = False,
) -> XNORNet:
    """XNOR-Net with one binary convolution and one binary dense layer, for digits."""
    form: Form = "float" if float_counterpart else "xnor"
    return XNORNet("digits", form, num_classes, in_channels, image_size, width, input_scale)


def bwn_cifar(
    num_classes: int = 10, in_channels: int = 3, image_size: int = 32, width: float = 1.0
) -> XNORNet:
    """Binary-Weight-Network in the layout of BNN's ConvNet for CIFAR-10."""
    return XNORNet("cifar", "bwn", num_classes, in_channels, image_size, width)


def bwn_digits(
    num_classes: int = 10, in_channels: int = 1, image_size: int = 28, width: float = 1.0
) -> XNORNet:
    """Binary-Weight-Network with one binary convolution and one binary dense layer."""
    return XNORNet("digits", "bwn", num_classes, in_channels, image_size, width)
