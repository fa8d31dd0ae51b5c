"""Inception-ResNet, the first and the second.

C. Szegedy, S. Ioffe, V. Vanhoucke, A. Alemi (2017), "Inception-v4, Inception-ResNet and the Impact
of Residual Connections on Learning" [szegedy2017inception].

What was new: Inception modules add their maps, brought to the right number by a linear 1x1
convolution and made small, to their input. Such networks trained much faster than Inception-v4, and
not more stably: with more than a thousand maps they died unless the residual was scaled down.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite, check_share
from cnnhistory.models.inception_v4 import Stem
from cnnhistory.nn.branches import Branches, ResidualInception, factored_block
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.nn.unit import conv_norm
from cnnhistory.system import PATCHES, ModelCard

EPS = 0.001
# Blocks at 35x35, 17x17 and 8x8: Figure 15; those of the release of the second version.
PAPER_BLOCKS = (5, 10, 5)
RELEASE_BLOCKS = (10, 20, 10)
SCALES = (0.17, 0.10, 0.20)  # of the residuals, in the release; the paper says 0.1 to 0.3


class Plan(NamedTuple):
    """Maps inside the blocks and reductions of one version; all paths begin with 1x1."""

    a: tuple[tuple[int, ...], ...]  # windows of 3x3 behind the 1x1
    reduction_a: tuple[int, int, int, int]  # k, l, m, n of Table 1
    b: tuple[int, int, int, int]  # 1x1; beside it 1x1, 1x7, 7x1
    reduction_b: tuple[tuple[int, ...], ...]  # windows of 3x3, the last with stride 2
    c: tuple[int, int, int, int]  # 1x1; beside it 1x1, 1x3, 3x1


# Figures 10 to 13 and 16 to 18, Table 1.
V1 = Plan(
    a=((32,), (32, 32), (32, 32, 32)),
    reduction_a=(192, 192, 256, 384),
    b=(128, 128, 128, 128),
    reduction_b=((256, 384), (256, 256), (256, 256, 256)),
    c=(192, 192, 192, 192),
)
V2 = Plan(
    a=((32,), (32, 32), (32, 48, 64)),
    reduction_a=(256, 256, 384, 384),
    b=(192, 128, 160, 192),
    reduction_b=((256, 384), (256, 288), (256, 288, 320)),
    c=(192, 192, 224, 256),
)

_CARD = ModelCard(
    (3, 299, 299), {"width": 1 / 16}, (3, 75, 75), PATCHES, {"side": 96},
    {"num_classes": 16, "width": 1 / 8}, any_size=True,
)  # fmt: skip
MODELS = dict.fromkeys(("inception_resnet_v1", "inception_resnet_v2"), _CARD)
MODELS["residual_inception"] = ModelCard((3, 32, 32), {"maps": 8}, data=PATCHES, any_size=True)


_conv = partial(conv_norm, eps=EPS)


def _path(in_channels: int, maps: tuple[int, ...]) -> nn.Sequential:
    """Return a 1x1 convolution and 3x3 ones behind it."""
    first, *rest = maps
    layers = [_conv(in_channels, first)]
    for before, wanted in zip(maps, rest, strict=False):
        layers.append(_conv(before, wanted, 3))
    return nn.Sequential(*layers)


def _halving(in_channels: int, maps: tuple[int, ...]) -> nn.Sequential:
    """Return the same with a stride of 2, and without padding, in the last one."""
    *inner, last = maps
    halve = _conv(inner[-1], last, 3, 2, padding=0)
    return nn.Sequential(_path(in_channels, tuple(inner)), halve)


def _block_a(channels: int, paths: tuple[tuple[int, ...], ...]) -> ResidualInception:
    branches = Branches(**{f"b{n}": _path(channels, path) for n, path in enumerate(paths)})
    return ResidualInception(channels, branches, sum(path[-1] for path in paths), SCALES[0])


class InceptionResNet(nn.Module):
    """Score 1,000 classes with a stem, residual Inception blocks of three sizes and reductions.

    299x299 -> stem @35x35 -> blocks a -> reduction @17x17 -> blocks b -> reduction @8x8 -> blocks c
    -> average -> dropout -> linear. `last` puts a 1x1 convolution of so many maps behind blocks c,
    the last of which then is neither scaled nor rectified, as in the authors' release.

    The ReLU layers work in place.

    Shape: input (N, in_channels, H, W) with H and W at least 75, in the paper 299x299; output (N,
    num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: szegedy2017inception, Figures 10 to 18, Table 1.

    Deviations: the 1x1 convolution of blocks b has as many maps as its input; the paper's 1154 in
    the second version would not fit. Weights start as in he2015delving. `width` scales the numbers
    of maps.
    """

    def __init__(
        self,
        stem: nn.Module,
        maps: int,
        plan: Plan,
        counts: tuple[int, int, int],
        last: int | None,
        num_classes: int,
        in_channels: int,
        dropout: float,
        width: float,
    ) -> None:
        super().__init__()
        check_share("dropout", dropout)
        self.in_channels = in_channels
        self.stem = stem

        def w(numbers: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(scaled(n, width) for n in numbers)

        blocks = OrderedDict[str, nn.Module]()
        for n in range(1, counts[0] + 1):
            blocks[f"a{n}"] = _block_a(maps, tuple(w(path) for path in plan.a))
        k, l, m, n = w(plan.reduction_a)  # noqa: E741
        blocks["reduction_a"] = Branches(
            three=_conv(maps, n, 3, 2, padding=0),
            three_twice=_halving(maps, (k, l, m)),
            pool=nn.MaxPool2d(3, stride=2),
        )
        maps += n + m
        for n in range(1, counts[1] + 1):
            blocks[f"b{n}"] = factored_block(maps, w(plan.b), 7, SCALES[1])
        ends = [w(path) for path in plan.reduction_b]
        blocks["reduction_b"] = Branches(
            **{f"three{n}": _halving(maps, path) for n, path in enumerate(ends, start=1)},
            pool=nn.MaxPool2d(3, stride=2),
        )
        maps += sum(path[-1] for path in ends)
        for n in range(1, counts[2] + 1):
            plain = last is not None and n == counts[2]
            scale = 1.0 if plain else SCALES[2]
            blocks[f"c{n}"] = factored_block(maps, w(plan.c), 3, scale, not plain)
        if last is not None:
            blocks["conv"], maps = _conv(maps, scaled(last, width)), scaled(last, width)
        self.blocks = nn.Sequential(blocks)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=75)
        # In this layout a network runs and trains faster on a CPU.
        x = self.blocks(self.stem(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))


def _short_stem(in_channels: int, w: Callable[[int], int]) -> OrderedDict[str, nn.Module]:
    """Return the stem of Inception-v3, with which both stems here begin."""
    return OrderedDict(
        conv1=_conv(in_channels, w(32), 3, 2, padding=0),  # 149
        conv2=_conv(w(32), w(32), 3, padding=0),  # 147
        conv3=_conv(w(32), w(64), 3),
        pool1=nn.MaxPool2d(3, stride=2),  # 73
        conv4=_conv(w(64), w(80)),
        conv5=_conv(w(80), w(192), 3, padding=0),  # 71
    )


def inception_resnet_v1(
    num_classes: int = 1000, in_channels: int = 3, dropout: float = 0.2, width: float = 1.0
) -> InceptionResNet:
    """The first version, about as costly as Inception-v3."""
    check_counts(num_classes=num_classes, in_channels=in_channels)
    layers = _short_stem(in_channels, lambda maps: scaled(maps, width))
    maps = scaled(256, width)
    layers["conv6"] = _conv(scaled(192, width), maps, 3, 2, padding=0)  # 35
    return InceptionResNet(
        nn.Sequential(layers), maps, V1, PAPER_BLOCKS, None, num_classes, in_channels, dropout,
        width,
    )  # fmt: skip


def inception_resnet_v2(
    num_classes: int = 1000,
    in_channels: int = 3,
    dropout: float = 0.2,
    width: float = 1.0,
    released: bool = True,
) -> InceptionResNet:
    """The second version, about as costly as Inception-v4.

    With `released` the authors' network, whose results are known: twice as many blocks, another
    stem, a convolution behind the blocks, 55,843,464 parameters; else that of the paper's figures.
    """
    check_counts(num_classes=num_classes, in_channels=in_channels)
    if not released:
        stem = Stem(in_channels, width)
        return InceptionResNet(
            stem, stem.out_channels, V2, PAPER_BLOCKS, None, num_classes, in_channels, dropout,
            width,
        )  # fmt: skip

    def w(maps: int) -> int:
        return scaled(maps, width)

    layers = _short_stem(in_channels, w)
    layers["pool2"] = nn.MaxPool2d(3, stride=2)  # 35
    layers["mixed"] = Branches(
        one=_conv(w(192), w(96)),
        five=nn.Sequential(_conv(w(192), w(48)), _conv(w(48), w(64), 5)),
        three_twice=_path(w(192), (w(64), w(96), w(96))),
        pool=nn.Sequential(
            nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False), _conv(w(192), w(64))
        ),
    )
    maps = 2 * w(96) + 2 * w(64)
    return InceptionResNet(
        nn.Sequential(layers), maps, V2, RELEASE_BLOCKS, 1536, num_classes, in_channels, dropout,
        width,
    )  # fmt: skip


class ResidualInceptionNet(nn.Module):
    """Score classes with a few blocks c on maps of an eighth of the side, with one scale for all.

    24x24 -> 16@12x12 -> 32@6x6 -> 64@3x3 -> `maps`@3x3 -> `blocks` times `ResidualInception`, each
    with `inside` maps in every convolution of its branches -> average -> linear.

    Shape: input (N, in_channels, H, W) of any size; output (N, num_classes), unnormalized
    log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: szegedy2017inception, Section 3.3.

    Deviations: as wide as the paper's where blocks are added, and otherwise small.
    """

    def __init__(
        self,
        num_classes: int = 16,
        in_channels: int = 3,
        maps: int = 1024,
        inside: int = 16,
        blocks: int = 5,
        scale: float = 0.1,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels, maps=maps)
        check_counts(inside=inside, blocks=blocks)
        check_finite("scale", scale)
        self.in_channels = in_channels
        self.stem = nn.Sequential(
            _conv(in_channels, 16, 3, 2), _conv(16, 32, 3, 2), _conv(32, 64, 3, 2), _conv(64, maps)
        )
        self.blocks = nn.Sequential(
            *(factored_block(maps, (inside,) * 4, 3, scale) for _ in range(blocks))
        )
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def features(self, x: Tensor) -> Tensor:
        """Return the maps in front of the average, (N, maps, H/8, W/8)."""
        check_images(x, self.in_channels)
        return self.blocks(self.stem(x.contiguous(memory_format=torch.channels_last)))

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        return self.fc(self.features(x).mean((2, 3)))


def residual_inception(
    num_classes: int = 16,
    in_channels: int = 3,
    maps: int = 1024,
    inside: int = 16,
    blocks: int = 5,
    scale: float = 0.1,
) -> ResidualInceptionNet:
    """A small residual Inception network, as wide as where the paper's died."""
    return ResidualInceptionNet(num_classes, in_channels, maps, inside, blocks, scale)
