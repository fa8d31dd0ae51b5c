"""Damage to a trained network: parts deleted, blocks in another order.

Source: veit2016residual, Section 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import expected
from cnnhistory.nn.residual import BasicBlock, Bottleneck, PadShortcut


class Bypass(nn.Module):
    """Pass an input on by the shortcut of a deleted block: relu(s(x)).

    Shape: as the block that was deleted.
    """

    def __init__(self, shortcut: nn.Module) -> None:
        super().__init__()
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return the input, in the shape that the block would have given it."""
        return torch.relu(self.shortcut(x))


def parts(network: nn.Module) -> list[str]:
    """Return the names of what `without` can delete, from the input to the output.

    They are the blocks of a network with `blocks`, else the convolutions of `features`, each of
    which stands for itself and the normalization and ReLU behind it.

    Raises:
        ValueError: the network has neither.
    """
    blocks, features = (getattr(network, name, None) for name in ("blocks", "features"))
    if isinstance(blocks, nn.Sequential):
        return [name for name, _ in blocks.named_children()]
    if isinstance(features, nn.Sequential):
        return [name for name, m in features.named_children() if isinstance(m, nn.Conv2d)]
    raise expected("network", "one with `blocks` or `features`", type(network).__name__)


@contextmanager
def without(network: nn.Module, names: Iterable[str]) -> Iterator[None]:
    """Run the body with parts of a network deleted, then put them back.

    A deleted residual block leaves its shortcut: y = relu(s(x)), which is x where the shortcut is
    the identity. A deleted plain block or layer has none; its input is passed on as it is. Where
    it would have changed the shape, every `stride`-th pixel is taken and maps of zeros are
    appended, as option A does.

    Raises:
        ValueError: a name that is not in `parts(network)`.

    Source: veit2016residual, Section 4.1.
    """
    known = parts(network)
    row = network.get_submodule("blocks" if hasattr(network, "blocks") else "features")
    assert isinstance(row, nn.Sequential)
    replaced: dict[str, nn.Module] = {}
    for name in names:
        if name not in known:
            raise ValueError(f"names: expected some of {', '.join(known)}, got {name!r}")
        part = row.get_submodule(name)
        replaced[name] = _bypass(part)
        if isinstance(part, nn.Conv2d):
            replaced |= {other: nn.Identity() for other in _behind(row, name)}
    kept = {name: row.get_submodule(name) for name in replaced}
    try:
        for name, module in replaced.items():
            setattr(row, name, module)
        yield
    finally:
        for name, module in kept.items():
            setattr(row, name, module)


def _bypass(part: nn.Module) -> nn.Module:
    if isinstance(part, nn.Conv2d):
        return _carry(part.in_channels, part.out_channels, part.stride[0])
    assert isinstance(part, BasicBlock | Bottleneck)
    if part.shortcut is not None:
        return Bypass(part.shortcut)
    stride = part.conv1.stride[0] * part.conv2.stride[0]
    return _carry(part.conv1.in_channels, part.out_channels, stride)


def _carry(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    same = in_channels == out_channels and stride == 1
    return nn.Identity() if same else PadShortcut(in_channels, out_channels, stride)


def _behind(row: nn.Sequential, name: str) -> list[str]:
    """Return the names of the normalization and the ReLU that follow a convolution."""
    names = [other for other, _ in row.named_children()]
    found = []
    for other in names[names.index(name) + 1 :]:
        if not isinstance(row.get_submodule(other), nn.BatchNorm2d | nn.ReLU):
            break
        found.append(other)
    return found


def interchangeable(blocks: nn.Sequential) -> list[list[int]]:
    """Return groups of places whose blocks can change places: same shape in and out.

    Raises:
        ValueError: a block is not a residual or plain one.
    """
    groups: dict[int, list[int]] = {}
    for place, block in enumerate(blocks):
        if not isinstance(block, BasicBlock | Bottleneck):
            raise ValueError(f"blocks: expected residual or plain ones, got {type(block).__name__}")
        stride = block.conv1.stride[0] * block.conv2.stride[0]
        if stride == 1 and block.conv1.in_channels == block.out_channels:
            groups.setdefault(block.out_channels, []).append(place)
    return [group for group in groups.values() if len(group) > 1]


def swapped(blocks: nn.Sequential, count: int, generator: torch.Generator) -> list[int]:
    """Return an order of the blocks after `count` swaps of two random ones that are alike in shape.

    Every such pair is as likely as any other, in each swap.

    Source: veit2016residual, Section 4.3.
    """
    order = list(range(len(blocks)))
    pairs = [pair for group in interchangeable(blocks) for pair in combinations(group, 2)]
    for _ in range(count):
        i, j = pairs[int(torch.randint(len(pairs), (), generator=generator))]
        order[i], order[j] = order[j], order[i]
    return order


@contextmanager
def reordered(blocks: nn.Sequential, order: Sequence[int]) -> Iterator[None]:
    """Run the body with block `order[i]` at place i, then put all back.

    Raises:
        ValueError: `order` is not a permutation, or a block comes where its shape does not fit.
    """
    if sorted(order) != list(range(len(blocks))):
        raise ValueError(f"order: expected a permutation of {len(blocks)} places, got {order}")
    group_of = {place: i for i, group in enumerate(interchangeable(blocks)) for place in group}
    for place, source in enumerate(order):
        if place != source and group_of.get(place, -1) != group_of.get(source, -2):
            raise expected("order", f"a block that fits at place {place}", source)
    original = list(blocks)
    try:
        for place, source in enumerate(order):
            blocks[place] = original[source]
        yield
    finally:
        for place, block in enumerate(original):
            blocks[place] = block


def kendall_tau(order: Sequence[int]) -> float:
    """Return how well an order agrees with 0, 1, 2, ...: 1 if it is that, -1 if its reverse.

    tau = (C - D) / (n (n - 1) / 2) with C pairs in their order and D pairs out of it.

    >>> kendall_tau([0, 1, 2, 3]), kendall_tau([1, 0, 2, 3]), kendall_tau([3, 2, 1, 0])
    (1.0, 0.6666666666666666, -1.0)

    Raises:
        ValueError: fewer than two, or two that are equal.
    """
    if len(order) < 2 or len(set(order)) != len(order):
        raise ValueError(f"order: expected two or more different numbers, got {order}")
    pairs = list(combinations(order, 2))
    return sum(1 if a < b else -1 for a, b in pairs) / len(pairs)
