"""Xception.

F. Chollet (2017), "Xception: Deep Learning with Depthwise Separable Convolutions"
[chollet2017xception].

What was new: the Inception module taken to its end. As many branches as maps, each a window on one
map, make a depthwise separable convolution; 34 of these in residual blocks are the network. With
the parameters of Inception-v3 it is a little more accurate.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory._util.recompute import keep_convolutions
from cnnhistory.nn.init import he_normal_
from cnnhistory.nn.size import check_images, scaled
from cnnhistory.nn.unit import conv_norm
from cnnhistory.system import PATCHES, ModelCard

# Figure 5: maps of the two separable convolutions of each block that halves the side.
ENTRY = ((128, 128), (256, 256), (728, 728))
MIDDLE = 8  # blocks of three separable convolutions of 728 maps
EXIT = (728, 1024)
LAST = (1536, 2048)
BETWEEN: dict[str, type[nn.ReLU] | type[nn.ELU]] = {"relu": nn.ReLU, "elu": nn.ELU}  # Figure 10

MODELS = {
    "xception": ModelCard(
        (3, 299, 299), {"width": 1 / 16}, (3, 71, 71), PATCHES, {"side": 96},
        {"num_classes": 16, "width": 1 / 8}, any_size=True,
    ),
    "xception_steps": ModelCard((3, 32, 32), {"maps": 6}, data=PATCHES, any_size=True),
}  # fmt: skip


class SeparableConv(nn.Sequential):
    """Filter each map with one 3x3 kernel, then mix the maps with a matrix, nothing in between.

    y = P * (D * x), D depthwise, P of 1x1: 9 M + M N weights from M to N maps.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H, W).

    Source: chollet2017xception, Sections 1.2 and 3; no activation in between: Section 4.7.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            OrderedDict(
                depthwise=nn.Conv2d(
                    in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False
                ),
                pointwise=nn.Conv2d(in_channels, out_channels, 1, bias=False),
            )
        )


class TowersConv(nn.Sequential):
    """Mix the maps with a matrix, and filter them by 3x3 in towers that do not read each other.

    With `mix_first` y = S * f(P * x), the simplified Inception module of Figure 3 for a few towers
    and its extreme of Figure 4 for as many as maps; else y = P * f(S * x), a `SeparableConv` for as
    many. P is of 1x1, S of 3x3 in `towers` groups, f an activation, or nothing for None.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H, W).

    Raises:
        ValueError: the towers do not share the maps that they filter evenly; no such activation.

    Source: chollet2017xception, Sections 1.1, 1.2 and 4.7.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        towers: int,
        mix_first: bool = True,
        between: str | None = "relu",
    ) -> None:
        filtered = out_channels if mix_first else in_channels
        check_counts(towers=towers)
        if filtered % towers:
            raise expected("towers", f"a divisor of the {filtered} maps", towers)
        mix = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        filters = nn.Conv2d(filtered, filtered, 3, padding=1, groups=towers, bias=False)
        layers = {"mix": mix, "filter": filters}
        first, second = layers if mix_first else reversed(layers)
        steps = OrderedDict[str, nn.Module]({first: layers[first]})
        if between is not None:
            check_one_of("between", between, BETWEEN)
            steps[between] = BETWEEN[between](inplace=True)
        steps[second] = layers[second]
        super().__init__(steps)


class XceptionBlock(nn.Module):
    """Add a row of separable convolutions, each behind a ReLU, to the input.

    With `halve` a maximum over 3x3 windows ends the row, and the input goes through a 1x1
    convolution with stride 2 and its normalization. `conv` makes another kind of convolution;
    without `residual` nothing is added.

    Shape: input (N, in_channels, H, W), output (N, maps[-1], H, W), with `halve` (N, maps[-1],
    ceil(H/2), ceil(W/2)).

    Source: chollet2017xception, Figure 5.
    """

    def __init__(
        self,
        in_channels: int,
        maps: tuple[int, ...],
        halve: bool = False,
        first_relu: bool = True,
        conv: Callable[[int, int], nn.Module] = SeparableConv,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.project = None
        if halve and residual:
            self.project = conv_norm(in_channels, maps[-1], 1, stride=2, activation=None)
        layers = OrderedDict[str, nn.Module]()
        for n, wanted in enumerate(maps, start=1):
            if n > 1 or first_relu:
                # The first must not change what the shortcut reads.
                layers[f"relu{n}"] = nn.ReLU(inplace=n > 1)
            layers[f"conv{n}"] = conv(in_channels, wanted)
            layers[f"bn{n}"] = nn.BatchNorm2d(wanted)
            in_channels = wanted
        if halve:
            layers["pool"] = nn.MaxPool2d(3, stride=2, padding=1)
        self.branch = nn.Sequential(layers)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        if not self.residual:
            return self.branch(x)
        shortcut = x if self.project is None else self.project(x)
        return self.branch(x) + shortcut


class Xception(nn.Module):
    """Score 1,000 classes with 36 convolutions in 14 modules, 34 of them separable.

    299x299 -> conv1 32@149, conv2 64@147 -> 128@74 -> 256@37 -> 728@19 -> eight blocks 728@19 ->
    1024@10 -> 1536 and 2048@10 -> average -> linear. 22,855,952 parameters.

    With `save_memory` the backward pass makes everything but the outputs of convolutions again: the
    same outputs and gradients for less memory and more time.

    Shape: input (N, in_channels, H, W) with H and W at least 5, in the paper 299x299; output (N,
    num_classes), unnormalized log-probabilities.

    Raises:
        ValueError: a number is out of range, or the input has another shape than the above.

    Source: chollet2017xception, Figure 5 and Section 4.

    Deviations: weights start as in he2015delving; the paper does not give their start. Dropout in
    front of the linear layer is the paper's 0.5. `width` scales the numbers of maps.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.5,
        width: float = 1.0,
        save_memory: bool = False,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels)
        check_share("dropout", dropout)
        self.in_channels, self.save_memory = in_channels, save_memory

        def w(*maps: int) -> tuple[int, ...]:
            return tuple(scaled(n, width) for n in maps)

        first, maps = w(32, 64)
        self.stem = nn.Sequential(
            OrderedDict(
                conv1=conv_norm(in_channels, first, 3, 2, padding=0),
                conv2=conv_norm(first, maps, 3, padding=0),
            )
        )
        blocks = OrderedDict[str, nn.Module]()
        for n, wanted in enumerate(ENTRY, start=1):
            # What the first block reads has just been rectified.
            blocks[f"entry{n}"] = XceptionBlock(maps, w(*wanted), halve=True, first_relu=n > 1)
            maps = w(*wanted)[-1]
        for n in range(1, MIDDLE + 1):
            blocks[f"middle{n}"] = XceptionBlock(maps, (maps, maps, maps))
        blocks["exit1"] = XceptionBlock(maps, w(*EXIT), halve=True)
        maps = w(*EXIT)[-1]
        for n, wanted_maps in enumerate(w(*LAST), start=2):
            blocks[f"exit{n}"] = nn.Sequential(
                OrderedDict(
                    conv=SeparableConv(maps, wanted_maps),
                    bn=nn.BatchNorm2d(wanted_maps),
                    relu=nn.ReLU(inplace=True),
                )
            )
            maps = wanted_maps
        self.blocks = nn.Sequential(blocks)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=5)
        # In this layout a network runs and trains faster on a CPU.
        x = x.contiguous(memory_format=torch.channels_last)
        for layers in (self.stem, *self.blocks):
            frugal = self.training and self.save_memory
            x = keep_convolutions(layers, x) if frugal else layers(x)
        return self.fc(self.dropout(self.avgpool(x).flatten(1)))


def xception(
    num_classes: int = 1000,
    in_channels: int = 3,
    dropout: float = 0.5,
    width: float = 1.0,
    save_memory: bool = False,
) -> Xception:
    """Xception."""
    return Xception(num_classes, in_channels, dropout, width, save_memory)


class XceptionSteps(nn.Module):
    """Score classes with twelve convolutions of one kind between Inception's and Xception's.

    32x32 -> stem 16x16 -> two blocks -> two at 8x8 -> two at 4x4 -> ReLU -> the mean of each map ->
    linear. All blocks are `XceptionBlock` of two `TowersConv` with `maps` maps, so that a
    convolution has `maps`^2 (1 + 9 / towers) weights. `towers` None is as many as maps.

    Shape: input (N, in_channels, H, W), H and W at least 5; output (N, num_classes), unnormalized
    log-probabilities.

    Raises:
        ValueError: as `TowersConv`, a number below 1, or the input has another shape.

    Source: chollet2017xception, Figures 2 to 5, 9 and 10.

    Deviations: the paper makes the argument without this network, which differs in nothing else.
    """

    def __init__(
        self,
        num_classes: int = 16,
        in_channels: int = 3,
        maps: int = 44,
        towers: int | None = None,
        mix_first: bool = False,
        between: str | None = None,
        residual: bool = True,
    ) -> None:
        super().__init__()
        check_counts(num_classes=num_classes, in_channels=in_channels, maps=maps)
        self.in_channels = in_channels
        count = maps if towers is None else towers
        conv = partial(TowersConv, towers=count, mix_first=mix_first, between=between)
        self.stem = conv_norm(in_channels, maps, 3, stride=2)
        blocks = [
            XceptionBlock(maps, (maps, maps), n in (2, 4), n > 0, conv, residual) for n in range(6)
        ]
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(maps, num_classes)
        he_normal_(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the class scores."""
        check_images(x, self.in_channels, at_least=5)
        x = self.blocks(self.stem(x.contiguous(memory_format=torch.channels_last)))
        return self.fc(x.relu().mean((2, 3)))  # (N, maps) -> (N, num_classes)


def xception_steps(
    num_classes: int = 16,
    in_channels: int = 3,
    maps: int = 44,
    towers: int | None = None,
    mix_first: bool = False,
    between: str | None = None,
    residual: bool = True,
) -> XceptionSteps:
    """One network for every step from Inception to Xception; by default the last step."""
    return XceptionSteps(num_classes, in_channels, maps, towers, mix_first, between, residual)
