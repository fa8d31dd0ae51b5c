"""Residual blocks and their shortcuts."""

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

# How a block passes its input on where its shape changes: zeros for new maps (A), projection (B),
# or projection in every block (C).
Option = Literal["A", "B", "C"]


class PadShortcut(nn.Module):
    """Take every `stride`-th pixel and append channels of zeros: option A, without parameters.

    Shape: input (N, in_channels, H, W), output (N, out_channels, ceil(H/stride), ceil(W/stride)).

    Source: he2016deep, Section 3.3.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
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
    if option not in ("A", "B", "C"):
        raise ValueError(f"shortcut: expected 'A', 'B' or 'C', got {option!r}")
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

    Source: he2016deep, Figure 5 left, Section 3.3 (shortcuts).
    """

    def __init__(self, in_channels: int, width: int, stride: int, option: Option | None) -> None:
        super().__init__()
        self.out_channels = width
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = make_shortcut(option, in_channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.shortcut is not None:
            out += self.shortcut(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """Add three convolutions to the input: 1x1 to fewer maps, 3x3, 1x1 back to four times more.

    y = relu(BN(W3 * relu(BN(W2 * relu(BN(W1 * x))))) + s(x)) with the shortcut s, as in
    `BasicBlock`.

    Shape: input (N, in_channels, H, W), output (N, 4 width, ceil(H/stride), ceil(W/stride)).

    Source: he2016deep, Figure 5 right and Table 1; the stride is in the first 1x1 convolution, as
    in the authors' release, or in the 3x3 one.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int,
        option: Option | None,
        stride_in_3x3: bool = False,
    ) -> None:
        super().__init__()
        self.out_channels = 4 * width
        first, second = (1, stride) if stride_in_3x3 else (stride, 1)
        self.conv1 = nn.Conv2d(in_channels, width, 1, first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, second, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, self.out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(self.out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = make_shortcut(option, in_channels, self.out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of the block."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.shortcut is not None:
            out += self.shortcut(x)
        return self.relu(out)
