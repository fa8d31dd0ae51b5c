"""Residual blocks and their shortcuts."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected

# How a block passes its input on where its shape changes: zeros for new maps (A), projection (B),
# or projection in every block (C).
Option = Literal["A", "B", "C"]


class PadShortcut(nn.Module):
    """Take every `stride`-th pixel and append channels of zeros: option A, without parameters.

    Shape: input (N, in_channels, H, W), output (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Raises:
        ValueError: a number is below 1, or there are fewer output channels than input channels.

    Source: he2016deep, Section 3.3.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, stride=stride)
        check_counts(in_channels, out_channels=out_channels)
        self.stride = stride
        self.extra = out_channels - in_channels

    def forward(self, x: Tensor) -> Tensor:
        """Return the thinned and padded maps."""
        x = x[:, :, :: self.stride, :: self.stride]
        return F.pad(x, (0, 0, 0, 0, 0, self.extra))

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"stride={self.stride}, extra={self.extra}"


def make_shortcut(
    option: Option | None, in_channels: int, out_channels: int, stride: int
) -> nn.Module | None:
    """Return what a block adds its input through; None for a plain block.

    Raises:
        ValueError: there is no such option.

    Source: he2016deep, Section 3.3 and the options A, B, C of Section 4.1.
    """
    if option is None:
        return None
    check_one_of("shortcut", option, ("A", "B", "C"))
    if option != "C" and in_channels == out_channels and stride == 1:
        return nn.Identity()
    if option == "A":
        return PadShortcut(in_channels, out_channels, stride)
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class BasicBlock(nn.Module):
    """Add two 3x3 convolutions of the input to the input.

    y = relu(BN(W2 * relu(BN(W1 * x))) + s(x)) with the shortcut s, whose option decides what it
    is. Without an option nothing is added: the block is two plain layers.

    Shape: input (N, in_channels, H, W), output (N, width, ceil(H/stride), ceil(W/stride)).

    Raises:
        ValueError: a number is below 1, or there is no such option.

    Source: he2016deep, Figure 5 left, Section 3.3 (shortcuts).
    """

    def __init__(self, in_channels: int, width: int, stride: int, option: Option | None) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, width=width, stride=stride)
        self.out_channels = width
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = make_shortcut(option, in_channels, width, stride)

    def branch(self, x: Tensor) -> Tensor:
        """Return what the block adds to its input."""
        out = self.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(out))

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        out = self.branch(x)
        if self.shortcut is not None:
            out += self.shortcut(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """Add three convolutions to the input: 1x1 to fewer maps, 3x3, 1x1 back to four times more.

    y = relu(BN(W3 * relu(BN(W2 * relu(BN(W1 * x))))) + s(x)) with the shortcut s, as in
    `BasicBlock`. In between are `inner` maps, by default `width`, in `groups` that do not read each
    other: more of both make the blocks of wide residual networks and of ResNeXt.

    Shape: input (N, in_channels, H, W), output (N, 4 width, ceil(H/stride), ceil(W/stride)).

    Raises:
        ValueError: as `BasicBlock`, or the groups do not share the inner maps evenly.

    Source: he2016deep, Figure 5 right and Table 1; the stride is in the first 1x1 convolution, as
    in the authors' release, or in the 3x3 one. Groups: xie2017aggregated, Figure 3(c).
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int,
        option: Option | None,
        stride_in_3x3: bool = False,
        inner: int | None = None,
        groups: int = 1,
    ) -> None:
        super().__init__()
        inner = width if inner is None else inner
        check_counts(in_channels=in_channels, width=width, stride=stride, groups=groups)
        check_counts(inner=inner)
        if inner % groups:
            raise expected("groups", f"a divisor of the {inner} inner maps", groups)
        self.out_channels = 4 * width
        first, second = (1, stride) if stride_in_3x3 else (stride, 1)
        self.conv1 = nn.Conv2d(in_channels, inner, 1, first, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, second, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, self.out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(self.out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = make_shortcut(option, in_channels, self.out_channels, stride)

    def branch(self, x: Tensor) -> Tensor:
        """Return what the block adds to its input."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        return self.bn3(self.conv3(out))

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        out = self.branch(x)
        if self.shortcut is not None:
            out += self.shortcut(x)
        return self.relu(out)


@torch.no_grad()
def make_identity(block: BasicBlock) -> None:
    """Give a block weights with which it returns its input, in evaluation mode, in place.

    With a shortcut the branch is silenced: the last scale is 0. Without one every convolution
    copies each map (its kernel is 1 in the middle and 0 elsewhere) and every normalization does
    nothing. That is exact for inputs that are not negative, as all are behind a ReLU.

    Raises:
        ValueError: the block changes the shape of its input.

    Source: he2016deep, Section 1: "solution by construction" of a deeper network.
    """
    if block.conv1.in_channels != block.out_channels or block.conv1.stride != (1, 1):
        raise ValueError("block: expected one that keeps the shape of its input")
    for norm in (block.bn1, block.bn2):
        norm.reset_parameters()
        norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]
    if block.shortcut is not None:
        if not isinstance(block.shortcut, nn.Identity):
            raise ValueError("block: expected an identity shortcut, got a projection")
        nn.init.zeros_(block.bn2.weight)
        return
    nn.init.dirac_(block.conv1.weight)
    nn.init.dirac_(block.conv2.weight)
