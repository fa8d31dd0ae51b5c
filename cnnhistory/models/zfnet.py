"""ZFNet.

M. Zeiler, R. Fergus (2014), "Visualizing and Understanding Convolutional Networks"
[zeiler2014visualizing].

What was new: looking inside. Pictures of what the maps of AlexNet answer to showed a first layer
without middle frequencies and aliasing in the second. Smaller windows and strides (7x7 and 2 in
place of 11x11 and 4) mend both: 1.7 points of top-5 error for about the same work.
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.init import normal_
from cnnhistory.nn.norm import LocalResponseNorm
from cnnhistory.nn.size import check_images, last_side, scaled, window_count
from cnnhistory.system import PATCHES, ModelCard

# Figure 3, the convolutions: maps, kernel, stride, padding, whether pooling follows, and whether
# normalization follows that.
CONVOLUTIONS = (
    (96, 7, 2, 1, True, True),
    (256, 5, 2, 0, True, True),
    (384, 3, 1, 1, False, False),
    (384, 3, 1, 1, False, False),
    (256, 3, 1, 1, True, False),
)
DENSE = 4096

# Section 5.1, Table 3: what the paper leaves out to see what a layer is worth.
OPTIONAL = ("conv3", "conv4", "fc6", "fc7")

SMALL = {"image_size": 64, "width": 1 / 8}
MODELS = {
    "zfnet": ModelCard(
        (3, 224, 224),
        SMALL,
        (3, 64, 64),
        PATCHES,
        {"side": 64, "levels": "bytes"},
        SMALL | {"num_classes": 16},
    )
}


def pool5_side(image_size: int) -> int:
    """Return height and width of the last maps for an image size; 0 or less if none is left."""
    side = image_size
    for _, kernel, stride, padding, pooled, _ in CONVOLUTIONS:
        side = window_count(side, kernel, stride, padding)
        side = window_count(side, 3, 2, ceil=True) if pooled else side
    return side


class ZFNet(nn.Module):
    """Score 1,000 classes with five convolutional and three dense layers.

    224x224 -> conv1 96@110x110 -> pool1 55x55 -> conv2 256@26x26 -> pool2 13x13 -> conv3 384 ->
    conv4 384 -> conv5 256@13x13 -> pool5 6x6 -> fc6 4096 -> fc7 4096 -> fc8. ReLU follows every
    layer but the last, normalization across maps the pooling of conv1 and conv2. 62,357,608
    parameters.

    `width` scales the number of maps and of dense units. `without` names layers to leave out.

    Shape: input (N, in_channels, image_size, image_size), output (N, num_classes), unnormalized
    log-probabilities.

    Units: input pixels from 0 to 255 minus their mean; from smaller values the initial weights
    leave almost nothing.

    Raises:
        ValueError: a number is out of range (`image_size` too if it leaves nothing after the last
            pooling), `without` names a layer that cannot be left out, or the input has another
            shape than the above.

    Source: zeiler2014visualizing, Section 3 and Figure 3; Section 5.1 for `without`.

    Deviations: the sizes of Figure 3 need one pixel of padding around the image and pooling
    windows that reach over the edge, which the paper does not mention. Its "contrast
    normalization" has no constants; we take AlexNet's normalization. It says that "all weights are
    initialized to 10^-2"; we take that as a standard deviation, and scale it for another `width`
    or `image_size` so that signals keep their size.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        image_size: int = 224,
        width: float = 1.0,
        without: Sequence[str] = (),
    ) -> None:
        super().__init__()
        for name in without:
            check_one_of("without", name, OPTIONAL)
        check_counts(num_classes=num_classes, in_channels=in_channels)
        self.in_channels = in_channels
        self.image_size = image_size
        side = last_side(image_size, pool5_side)
        features = OrderedDict[str, nn.Module]()
        maps = in_channels
        for n, (wanted, kernel, stride, padding, pooled, normalized) in enumerate(CONVOLUTIONS, 1):
            if f"conv{n}" in without:
                continue
            features[f"conv{n}"] = nn.Conv2d(maps, scaled(wanted, width), kernel, stride, padding)
            features[f"relu{n}"] = nn.ReLU()
            if pooled:
                features[f"pool{n}"] = nn.MaxPool2d(3, stride=2, ceil_mode=True)
            if normalized:
                features[f"norm{n}"] = LocalResponseNorm()
            maps = scaled(wanted, width)
        self.features = nn.Sequential(features)

        units = maps * side**2  # 256 * 6 * 6 at full size
        classifier = OrderedDict[str, nn.Module]()
        for n in (6, 7):
            if f"fc{n}" in without:
                continue
            classifier[f"fc{n}"] = nn.Linear(units, scaled(DENSE, width))
            classifier[f"relu{n}"] = nn.ReLU()
            classifier[f"drop{n}"] = nn.Dropout(0.5)
            units = scaled(DENSE, width)
        classifier["fc8"] = nn.Linear(units, num_classes)
        self.classifier = nn.Sequential(classifier)
        self._initialize(side, width)

    def _initialize(self, side: int, width: float) -> None:
        """Draw weights from N(0, 0.01^2), scaled where a smaller network has fewer inputs."""
        reads_maps = self.classifier[0]  # fc6, if it is there
        for name, layer in self.named_modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                std = 0.01 if name == "features.conv1" else 0.01 / width**0.5
                normal_(layer, std * 6 / side if layer is reads_maps else std)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, self.image_size)
        x = self.features(x)  # (N, 256, 6, 6)
        return self.classifier(x.flatten(1))  # (N, num_classes)


@torch.no_grad()
def limit_filters_(network: nn.Module, radius: float = 0.1) -> int:
    """Scale down in place every filter of a convolution whose root mean square exceeds a radius.

    The paper does this during training, so that a few filters of the first layer do not dominate.

    Returns:
        The number of filters that were changed.

    Source: zeiler2014visualizing, Section 3.1.
    """
    changed = 0
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            rms = layer.weight.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
            layer.weight.mul_((radius / rms).clamp(max=1))
            changed += int((rms > radius).sum())
    return changed


def zfnet(
    num_classes: int = 1000,
    in_channels: int = 3,
    image_size: int = 224,
    width: float = 1.0,
    without: Sequence[str] = (),
) -> ZFNet:
    """ZFNet as in the paper."""
    return ZFNet(num_classes, in_channels, image_size, width, without)
