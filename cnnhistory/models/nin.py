"""Network in Network.

M. Lin, Q. Chen, S. Yan (2014), "Network In Network" [lin2014network].

What was new: a small multilayer perceptron slides over the image in place of a linear filter,
which is a convolution followed by 1x1 convolutions; and the mean of a last map is the score of a
class, so that no dense layer is left to over-fit.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory.nn.init import normal_
from cnnhistory.nn.size import check_images, scaled, window_count
from cnnhistory.system import PATCHES, ModelCard


@dataclass(frozen=True)
class MLPConvRow:
    """A row of a network's table: an mlpconv block and what follows it.

    `maps` are those of its convolutions, in the paper three; None stands for the number of
    classes. `stds` are the standard deviations that their weights are drawn with. Max-pooling
    follows every block but the last, and behind it dropout where `dropout` is set.
    """

    maps: tuple[int | None, ...]
    kernel: int
    stride: int = 1
    padding: int = 0
    stds: tuple[float, float, float] = (0.05, 0.05, 0.05)
    dropout: bool = False


# The authors' network for CIFAR-10; Section 4.1 describes it, Figure 2 shows it.
CIFAR = (
    MLPConvRow((192, 160, 96), kernel=5, padding=2, dropout=True),
    MLPConvRow((192, 192, 192), kernel=5, padding=2, dropout=True),
    MLPConvRow((192, 192, None), kernel=3, padding=1),
)

# The same with linear filters in place of the perceptrons, for comparison. Since mlpconv2 reads
# fewer maps, both have about as many parameters.
PLAIN_CIFAR = (
    MLPConvRow((192,), kernel=5, padding=2, dropout=True),
    MLPConvRow((192,), kernel=5, padding=2, dropout=True),
    MLPConvRow((None,), kernel=3, padding=1),
)

# The network for ImageNet that the authors published for Caffe; the paper has none.
IMAGENET = (
    MLPConvRow((96, 96, 96), kernel=11, stride=4, stds=(0.01, 0.05, 0.05)),
    MLPConvRow((256, 256, 256), kernel=5, padding=2),
    MLPConvRow((384, 384, 384), kernel=3, padding=1, stds=(0.01, 0.05, 0.05), dropout=True),
    MLPConvRow((1024, 1024, None), kernel=3, padding=1, stds=(0.05, 0.05, 0.01)),
)


MODELS = {
    "nin": ModelCard(
        (3, 224, 224),
        {"width": 1 / 8},
        (3, 64, 64),
        PATCHES,
        {"side": 64, "levels": "bytes"},
        {"num_classes": 16, "width": 1 / 8},
        any_size=True,
    ),
    "nin_cifar": ModelCard(
        (3, 32, 32),
        {"width": 1 / 4},
        data=PATCHES,
        network_args={"num_classes": 16, "width": 1 / 8, "dropout": 0.0},
        any_size=True,
    ),
}


class MLPConv(nn.Sequential):
    """Slide a perceptron over the maps, in the paper one with two hidden layers.

    A convolution and 1x1 convolutions ("cccp", cascaded cross-channel parametric pooling), each
    followed by a ReLU.

    Shape: input (N, in_maps, H, W), output (N, maps[-1], H', W') with the size that a
    convolution of this kernel, stride and padding gives.

    Source: lin2014network, Section 3.1, equation (2).
    """

    def __init__(
        self,
        in_maps: int,
        maps: tuple[int, ...],
        kernel: int,
        stride: int = 1,
        padding: int = 0,
    ) -> None:
        layers = OrderedDict[str, nn.Module]()
        layers["conv"] = nn.Conv2d(in_maps, maps[0], kernel, stride, padding)
        layers["relu"] = nn.ReLU(inplace=True)
        for n, (inputs, outputs) in enumerate(pairwise(maps), start=1):
            layers[f"cccp{n}"] = nn.Conv2d(inputs, outputs, 1)
            layers[f"relu{n}"] = nn.ReLU(inplace=True)
        super().__init__(layers)


class NIN(nn.Module):
    """Score classes by the means of the maps that the last mlpconv block makes.

    For CIFAR-10: 32x32 -> mlpconv1 96@32x32 -> pool1 16x16 -> mlpconv2 192@16x16 -> pool2 8x8 ->
    mlpconv3 10@8x8 -> means. 966,986 parameters. For ImageNet: 224x224 -> mlpconv1 96@54x54 ->
    pool1 27x27 -> mlpconv2 256@27x27 -> pool2 13x13 -> mlpconv3 384@13x13 -> pool3 6x6 ->
    mlpconv4 1000@6x6 -> means. 7,595,176 parameters.

    Pooling windows are 3x3 and two apart; the last ones may reach over the edge. `width` scales
    the number of maps, `dropout` is the share of outputs that it silences. With `dense_for`, a
    height and width of images, a dense layer over the last maps stands in place of the means, as
    in the comparison of Section 4.6. A map whose last ReLU is shut everywhere gets no gradient
    any more, and its class is lost; without `last_relu` that cannot happen.

    Shape: input (N, in_channels, H, W), H and W at least `smallest`, with `dense_for` equal to
    it; output (N, num_classes), unnormalized log-probabilities, all at least 0 if they are means
    behind a ReLU.

    Units: for CIFAR-10 pixels with normalized contrast, whitened, about 1 in size; for ImageNet
    from 0 to 255 minus their mean.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: lin2014network, Sections 3 and 4.1; sizes and initial weights from the authors' code.

    Deviations: pool2 of the CIFAR-10 network takes the largest value, as the paper says of all
    its pooling; later files of the authors average there. With another `width` the standard
    deviations of the initial weights are divided by its root, so that signals keep their size.
    """

    def __init__(
        self,
        rows: tuple[MLPConvRow, ...],
        num_classes: int,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.5,
        dense_for: int | None = None,
        last_relu: bool = True,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        self.in_channels = in_channels
        self.image_size = dense_for
        self.smallest = smallest_image(rows)
        if dense_for is not None:
            check_counts(self.smallest, dense_for=dense_for)
        side = dense_for or 0
        features = OrderedDict[str, nn.Module]()
        in_maps = in_channels
        for n, row in enumerate(rows, start=1):
            maps = tuple(num_classes if m is None else scaled(m, width) for m in row.maps)
            block = MLPConv(in_maps, maps, row.kernel, row.stride, row.padding)
            convolutions = [layer for layer in block if isinstance(layer, nn.Conv2d)]
            for layer, std in zip(convolutions, row.stds, strict=False):
                reads_image = n == 1 and layer is convolutions[0]
                normal_(layer, std if reads_image else std / width**0.5)
            if n == len(rows) and not last_relu:
                delattr(block, list(dict(block.named_children()))[-1])
            features[f"mlpconv{n}"] = block
            side = window_count(side, row.kernel, row.stride, row.padding)
            if n < len(rows):
                features[f"pool{n}"] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
                side = window_count(side, 3, 2, ceil=True)
            if row.dropout:
                features[f"drop{n}"] = nn.Dropout(dropout)
            in_maps = maps[-1]
        self.features = nn.Sequential(features)
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        if dense_for:
            self.dense = nn.Linear(num_classes * side * side, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size, at_least=self.smallest)
        x = self.features(x)  # (N, num_classes, H', W')
        if self.image_size:
            return self.dense(x.flatten(1))  # (N, num_classes)
        return self.global_pool(x).flatten(1)  # (N, num_classes)


def smallest_image(rows: tuple[MLPConvRow, ...]) -> int:
    """Return the height and width that leave one unit in the maps of the last block.

    >>> smallest_image(CIFAR), smallest_image(IMAGENET)
    (4, 39)
    """
    side = 1
    for n, row in enumerate(reversed(rows)):
        if n:
            # The fewest inputs of a pooling that makes so many units: the last window reaches over.
            side = 2 * side
        side = (side - 1) * row.stride + row.kernel - 2 * row.padding
    return side


def nin(num_classes: int = 1000, in_channels: int = 3, width: float = 1.0) -> NIN:
    """The network for ImageNet that the authors published."""
    return NIN(IMAGENET, num_classes, in_channels, width)


def nin_cifar(
    num_classes: int = 10,
    in_channels: int = 3,
    width: float = 1.0,
    dropout: float = 0.5,
    plain: bool = False,
    dense_for: int | None = None,
    last_relu: bool = True,
) -> NIN:
    """The paper's network for CIFAR-10; `plain` for linear filters in place of the perceptrons."""
    rows = PLAIN_CIFAR if plain else CIFAR
    return NIN(rows, num_classes, in_channels, width, dropout, dense_for, last_relu)
