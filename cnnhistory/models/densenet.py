"""DenseNet.

G. Huang, Z. Liu, L. van der Maaten, K. Weinberger (2017), "Densely Connected Convolutional
Networks" [huang2017densely].

What was new: a layer reads the maps of all layers before it in its block, side by side, and adds a
few of its own. Every layer is near the loss and near the input, layers can be narrow, and a network
needs fewer parameters for the same error.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import expected
from cnnhistory.nn.dense_block import DenseBlock
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images
from cnnhistory.system import PATCHES, ModelCard

# Table 1: layers in the four dense blocks, by the number of weighted layers.
STAGES = {
    121: (6, 12, 24, 16),
    161: (6, 12, 36, 24),
    169: (6, 12, 32, 32),
    201: (6, 12, 48, 32),
    264: (6, 12, 64, 48),
}

_IMAGENET = ModelCard(
    (3, 224, 224), {"growth": 4}, (3, 64, 64), PATCHES, {"side": 64},
    {"num_classes": 16, "growth": 4}, any_size=True,
)  # fmt: skip
_CIFAR = ModelCard(
    (3, 32, 32), {"depth": 10, "growth": 4}, None, PATCHES, {},
    {"num_classes": 16, "depth": 22, "growth": 8}, any_size=True,
)  # fmt: skip
MODELS = {
    **{f"densenet{depth}": _IMAGENET for depth in STAGES},
    **dict.fromkeys(("densenet40_12", "densenet_bc_100_12", "densenet_bc_190_40"), _CIFAR),
}


def _transition(in_channels: int, out_channels: int) -> nn.Sequential:
    """Return what lies between two blocks: fewer maps (C), half the height and width."""
    layers = OrderedDict[str, nn.Module](
        bn=nn.BatchNorm2d(in_channels),
        relu=nn.ReLU(inplace=True),
        conv=nn.Conv2d(in_channels, out_channels, 1, bias=False),
        pool=nn.AvgPool2d(2),
    )
    return nn.Sequential(layers)


class DenseNet(nn.Module):
    """Score classes with dense blocks, transitions between them, the average and a linear layer.

    The ReLU layers work in place.

    Shape: input (N, in_channels, H, W) of any size from `smallest` on; output (N, num_classes),
    unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input is not a batch of images with
            `in_channels` channels.

    Source: huang2017densely, Sections 3 and 4, Table 1.

    Deviations: the linear layer starts like the convolutions, from N(0, 2 / fan-in).
    """

    def __init__(
        self,
        stem: nn.Sequential,
        layers: tuple[int, ...],
        growth: int,
        bottleneck: bool,
        compression: float,
        num_classes: int,
        in_channels: int,
        dropout: float,
        save_memory: bool,
        smallest: int,
    ) -> None:
        super().__init__()
        check_share("dropout", dropout)
        self.in_channels, self.smallest = in_channels, smallest
        self.stem = stem
        channels = next(m for m in stem if isinstance(m, nn.Conv2d)).out_channels
        stages = OrderedDict[str, nn.Module]()
        for n, count in enumerate(layers, start=1):
            block = DenseBlock(channels, count, growth, bottleneck, dropout, save_memory)
            stages[f"block{n}"], channels = block, block.out_channels
            if n < len(layers):
                reduced = int(channels * compression)
                stages[f"transition{n}"] = _transition(channels, reduced)
                channels = reduced
        self.stages = nn.Sequential(stages)
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=self.smallest)
        # In this layout a network runs and trains faster on a CPU.
        x = self.stages(self.stem(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(self.avgpool(self.relu(self.bn(x))).flatten(1))


def _imagenet(
    depth: int,
    growth: int,
    num_classes: int,
    in_channels: int,
    dropout: float,
    save_memory: bool,
) -> DenseNet:
    check_counts(growth=growth, num_classes=num_classes, in_channels=in_channels)
    stem = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(in_channels, 2 * growth, 7, stride=2, padding=3, bias=False),
        bn=nn.BatchNorm2d(2 * growth),
        relu=nn.ReLU(inplace=True),
        pool=nn.MaxPool2d(3, stride=2, padding=1),
    )
    return DenseNet(
        nn.Sequential(stem), STAGES[depth], growth, True, 0.5, num_classes, in_channels, dropout,
        save_memory, smallest=29,
    )  # fmt: skip


def _cifar(
    depth: int,
    growth: int,
    compressed: bool,
    num_classes: int,
    in_channels: int,
    dropout: float,
    save_memory: bool,
) -> DenseNet:
    """Return three blocks of as many layers; with B and C the first convolution has 2k maps."""
    check_counts(depth=depth, growth=growth, num_classes=num_classes, in_channels=in_channels)
    count, rest = divmod(depth - 4, 6 if compressed else 3)
    if count < 1 or rest:
        form = "6n + 4, such as 100" if compressed else "3n + 4, such as 40"
        raise expected("depth", form, depth)
    first = nn.Conv2d(in_channels, 2 * growth if compressed else 16, 3, padding=1, bias=False)
    return DenseNet(
        nn.Sequential(OrderedDict(conv=first)), (count,) * 3, growth, compressed,
        0.5 if compressed else 1.0, num_classes, in_channels, dropout, save_memory, smallest=4,
    )  # fmt: skip


def densenet121(
    num_classes: int = 1000,
    in_channels: int = 3,
    growth: int = 32,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """121 layers for ImageNet, growth rate 32."""
    return _imagenet(121, growth, num_classes, in_channels, dropout, save_memory)


def densenet161(
    num_classes: int = 1000,
    in_channels: int = 3,
    growth: int = 48,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """161 layers for ImageNet, growth rate 48."""
    return _imagenet(161, growth, num_classes, in_channels, dropout, save_memory)


def densenet169(
    num_classes: int = 1000,
    in_channels: int = 3,
    growth: int = 32,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """169 layers for ImageNet, growth rate 32."""
    return _imagenet(169, growth, num_classes, in_channels, dropout, save_memory)


def densenet201(
    num_classes: int = 1000,
    in_channels: int = 3,
    growth: int = 32,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """201 layers for ImageNet, growth rate 32."""
    return _imagenet(201, growth, num_classes, in_channels, dropout, save_memory)


def densenet264(
    num_classes: int = 1000,
    in_channels: int = 3,
    growth: int = 32,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """264 layers for ImageNet by the paper's name, 265 by its Table 1; growth rate 32."""
    return _imagenet(264, growth, num_classes, in_channels, dropout, save_memory)


def densenet40_12(
    num_classes: int = 10,
    in_channels: int = 3,
    growth: int = 12,
    depth: int = 40,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """40 layers for CIFAR, growth rate 12, the plain form."""
    return _cifar(depth, growth, False, num_classes, in_channels, dropout, save_memory)


def densenet_bc_100_12(
    num_classes: int = 10,
    in_channels: int = 3,
    growth: int = 12,
    depth: int = 100,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """100 layers for CIFAR, growth rate 12, with bottlenecks and compression."""
    return _cifar(depth, growth, True, num_classes, in_channels, dropout, save_memory)


def densenet_bc_190_40(
    num_classes: int = 10,
    in_channels: int = 3,
    growth: int = 40,
    depth: int = 190,
    dropout: float = 0.0,
    save_memory: bool = False,
) -> DenseNet:
    """190 layers for CIFAR, growth rate 40: the best of the paper on CIFAR-10."""
    return _cifar(depth, growth, True, num_classes, in_channels, dropout, save_memory)
