"""Stacks of small kernels, beside one large kernel.

K. Simonyan, A. Zisserman (2015), "Very Deep Convolutional Networks for Large-Scale Image
Recognition" [simonyan2015very].

What was new: two layers of 3x3 in place of one of 5x5, three in place of one of 7x7. A unit sees
as much, behind fewer weights and more ReLUs. Here is the smallest network that differs in
nothing else.
"""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images
from cnnhistory.system import PATCHES, ModelCard

STAGES = 3

MODELS = {"kernel_stacks": ModelCard((3, 32, 32), data=PATCHES, any_size=True)}


def _odd(*sides: int) -> bool:
    return all(side > 0 and side % 2 == 1 for side in sides)


class KernelStacks(nn.Module):
    """Score classes with the same stack of convolutions at three sizes of the maps.

    32x32 -> conv0 3x3 -> pool0 16x16 -> stack1 -> pool1 8x8 -> stack2 -> pool2 4x4 -> stack3 ->
    the mean of each map -> linear. All layers have `maps` maps, so that a stack has `maps`^2
    times the sum of its squared kernel sides, plus a bias for each map, in parameters: 18
    `maps`^2 for kernels (3, 3), 25 `maps`^2 for (5,). A kernel is a side, or height and width:
    ((1, 7), (7, 1)) is a row and a column, with 14 `maps`^2 for the 49 `maps`^2 of (7,). A ReLU
    follows every convolution; with `relu_between=False` only the last one of a stack, which then
    is one linear filter.

    Shape: input (N, in_channels, H, W), H and W at least 8; output (N, num_classes),
    unnormalized log-probabilities.

    Raises:
        ValueError: no kernel, or one with an even side; a number below 1; or the input has
            another shape.

    Source: simonyan2015very, Section 2.3; rows and columns: szegedy2016rethinking, Section 3.2.

    Deviations: the paper makes the argument without this network; its own comparison is of
    configuration B with a network of 5x5 kernels (`cnnhistory.models.vgg.SHALLOW_B`).
    """

    def __init__(
        self,
        kernels: Sequence[int | Sequence[int]] = (3, 3),
        maps: int = 20,
        num_classes: int = 16,
        in_channels: int = 3,
        relu_between: bool = True,
    ) -> None:
        super().__init__()
        check_counts(maps=maps, num_classes=num_classes, in_channels=in_channels)
        windows = [tuple(side) if isinstance(side, Sequence) else (side, side) for side in kernels]
        odd = all(len(window) == 2 and _odd(*window) for window in windows)
        if not (windows and odd):
            raise expected("kernels", "one or more odd sides", kernels)
        self.in_channels = in_channels
        layers = OrderedDict[str, nn.Module]()
        layers["conv0"] = nn.Conv2d(in_channels, maps, 3, padding=1)
        layers["relu0"] = nn.ReLU(inplace=True)
        for stage in range(1, STAGES + 1):
            layers[f"pool{stage - 1}"] = nn.MaxPool2d(2)
            for n, (height, width) in enumerate(windows, start=1):
                layers[f"conv{stage}_{n}"] = nn.Conv2d(
                    maps, maps, (height, width), padding=(height // 2, width // 2)
                )
                if relu_between or n == len(windows):
                    layers[f"relu{stage}_{n}"] = nn.ReLU(inplace=True)
        self.features = nn.Sequential(layers)
        self.classifier = nn.Linear(maps, num_classes)
        he_normal_(self.features)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=2**STAGES)
        return self.classifier(self.features(x).mean((2, 3)))  # (N, maps) -> (N, num_classes)


def kernel_stacks(
    kernels: Sequence[int | Sequence[int]] = (3, 3),
    maps: int = 20,
    num_classes: int = 16,
    in_channels: int = 3,
    relu_between: bool = True,
) -> KernelStacks:
    """One network for every stack that is to be compared."""
    return KernelStacks(kernels, maps, num_classes, in_channels, relu_between)
