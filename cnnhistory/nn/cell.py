"""Cells as an architecture search finds them: five sums of two operations each.

Source: B. Zoph, V. Vasudevan, J. Shlens, Q. Le (2018) [zoph2018learning].
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.same import SamePool2d, pad_same

EPS = 0.001
OPERATIONS = ("none", "avg3", "max3", "sep3", "sep5", "sep7")


class Genotype(NamedTuple):
    """What a cell is made of.

    State 0 is the output of the cell before the last, state 1 that of the last, each brought to the
    cell's number of maps. Every pair makes the next state: the sum of two operations, each a name
    of `OPERATIONS` and the state that it reads. The output is the states of `output`, side by side.
    """

    pairs: tuple[tuple[tuple[str, int], tuple[str, int]], ...]
    output: tuple[int, ...]


class DropPath(nn.Module):
    """Silence a path, for each image anew, in training; make what is left larger.

    y = x m / (1 - rate) with m = 0 at probability `rate`, else 1.

    Shape: input and output (N, C, H, W).

    Raises:
        ValueError: `rate` is not at least 0 and below 1.

    Source: zoph2018learning, Section 3 (ScheduledDropPath raises the rate during training).
    """

    def __init__(self, rate: float = 0.0) -> None:
        super().__init__()
        check_share("rate", rate)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Return what is left."""
        if not self.training or self.rate == 0:
            return x
        keep = torch.empty(len(x), 1, 1, 1, device=x.device, dtype=x.dtype)
        return x * keep.bernoulli_(1 - self.rate) / (1 - self.rate)


class SeparableTwice(nn.Module):
    """Apply a separable convolution and normalization, two times; the first takes the stride.

    y = BN(P2 * D2 * r(BN(P1 * D1 * x))), D depthwise, P of 1x1, r = ReLU. The paper's operation
    begins with a ReLU; a `Cell` does it, once for all operations that read the same state.

    Shape: input (N, in_channels, H, W), output (N, maps, ceil(H/stride), ceil(W/stride)).

    Raises:
        ValueError: a number is below 1.

    Source: zoph2018learning, Appendix A.4.
    """

    def __init__(self, in_channels: int, maps: int, kernel: int, stride: int) -> None:
        super().__init__()
        check_counts(in_channels=in_channels, maps=maps, kernel=kernel, stride=stride)
        self.kernel, self.stride = kernel, stride
        self.depthwise1 = nn.Conv2d(
            in_channels, in_channels, kernel, stride, kernel // 2 if stride == 1 else 0,
            groups=in_channels, bias=False,
        )  # fmt: skip
        self.pointwise1 = nn.Conv2d(in_channels, maps, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(maps, eps=EPS)
        self.depthwise2 = nn.Conv2d(
            maps, maps, kernel, padding=kernel // 2, groups=maps, bias=False
        )
        self.pointwise2 = nn.Conv2d(maps, maps, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(maps, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Return the new maps."""
        if self.stride > 1:
            x = pad_same(x, self.kernel, self.stride)
        x = self.bn1(self.pointwise1(self.depthwise1(x))).relu_()
        return self.bn2(self.pointwise2(self.depthwise2(x)))


def fit(in_channels: int, maps: int) -> nn.Sequential:
    """Return a 1x1 convolution and its normalization."""
    layers = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(in_channels, maps, 1, bias=False),
        bn=nn.BatchNorm2d(maps, eps=EPS),
    )
    return nn.Sequential(layers)


class FactorizedReduction(nn.Module):
    """Halve the side without losing half of the pixels' information to a stride.

    Half of the new maps read the pixels at even places, half those at odd ones.

    Shape: input (N, in_channels, H, W), output (N, maps, ceil(H/2), ceil(W/2)).

    Raises:
        ValueError: there are no maps to read, or fewer than 2 to make.

    Source: the authors' release of zoph2018learning.
    """

    def __init__(self, in_channels: int, maps: int) -> None:
        super().__init__()
        check_counts(in_channels=in_channels)
        check_counts(2, maps=maps)
        self.even = nn.Conv2d(in_channels, maps // 2, 1, bias=False)
        self.odd = nn.Conv2d(in_channels, maps - maps // 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(maps, eps=EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Return the smaller maps."""
        shifted = nn.functional.pad(x, (-1, 1, -1, 1))
        halves = (self.even(x[:, :, ::2, ::2]), self.odd(shifted[:, :, ::2, ::2]))
        return self.bn(torch.cat(halves, 1))


def operation(name: str, in_channels: int, maps: int, stride: int) -> nn.Module:
    """Return one operation of a cell.

    Raises:
        ValueError: there is none of that name.
    """
    check_one_of("name", name, OPERATIONS)
    if name.startswith("sep"):
        return SeparableTwice(in_channels, maps, int(name[3:]), stride)
    if name == "none":
        return nn.Identity() if stride == 1 else SamePool2d("max", 1, stride)
    return SamePool2d(name[:3], int(name[3:]), stride)


class Cell(nn.Module):
    """Compute the states of a genotype, concatenate some of them and rectify the result.

    All that read a cell's output begin with a ReLU, as do all separable convolutions. It is done
    once: at the end of the cell that is read, and once for each state that such convolutions read.
    So `x` and `previous` come rectified. The backward pass then keeps one copy instead of one for
    each reader.

    With a stride of 2 (a reduction cell) the operations on states 0 and 1 take it. An input that
    nothing reads is not brought to the cell's maps.

    Shape: `x` (N, channels, H, W) and `previous` (N, previous_channels, H or 2H, W or 2W), output
    (N, len(output) * maps, ceil(H/stride), ceil(W/stride)).

    Args:
        genotype: its plan.
        previous_channels: maps of the cell before the last.
        channels: maps of the last cell.
        maps: of every operation.
        stride: 1, or 2 to halve the side.
        previous_is_larger: whether the cell before the last has twice the side.
        fit_previous: bring state 0 to `maps` maps; else operations on it must do so themselves.

    Raises:
        ValueError: a number is below 1, or an operation has no such name.

    Source: zoph2018learning, Section 3, Figures 3 and 4.
    """

    def __init__(
        self,
        genotype: Genotype,
        previous_channels: int,
        channels: int,
        maps: int,
        stride: int = 1,
        previous_is_larger: bool = False,
        fit_previous: bool = True,
    ) -> None:
        super().__init__()
        check_counts(
            previous_channels=previous_channels, channels=channels, maps=maps, stride=stride
        )
        self.genotype = genotype
        self.out_channels = len(genotype.output) * maps
        read = {state for pair in genotype.pairs for _, state in pair} | set(genotype.output)
        if not fit_previous or 0 not in read:
            self.previous: nn.Module = nn.Identity()
        elif previous_is_larger:
            self.previous = FactorizedReduction(previous_channels, maps)
        else:
            self.previous = fit(previous_channels, maps)
        self.current = fit(channels, maps) if 1 in read else nn.Identity()
        first = maps if fit_previous else previous_channels
        self.operations = nn.ModuleList(
            operation(name, first if state == 0 else maps, maps, stride if state < 2 else 1)
            for pair in genotype.pairs
            for name, state in pair
        )
        self.drop_path = DropPath()

    def forward(self, x: Tensor, previous: Tensor) -> Tensor:
        """Return the output of the cell."""
        states = [self.previous(previous), self.current(x)]
        rectified: dict[int, Tensor] = {}
        operations = iter(self.operations)
        for pair in self.genotype.pairs:
            parts = []
            for name, state in pair:
                read = states[state]
                if name.startswith("sep"):
                    if state not in rectified:
                        rectified[state] = read.relu()
                    read = rectified[state]
                part = next(operations)(read)
                parts.append(part if name == "none" else self.drop_path(part))
            states.append(parts[0] + parts[1])
        return torch.cat([states[n] for n in self.genotype.output], 1).relu_()
