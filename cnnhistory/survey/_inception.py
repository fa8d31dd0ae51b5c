"""What the branches of an Inception module do, one after another and side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cnnhistory.survey._checks import branches, convolutions, size

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnnhistory.models.googlenet import Inception


def steps_of(branch: nn.Sequential) -> tuple[tuple[str, ...], list[bool]]:
    """Return the convolutions and poolings of a branch, and which are 1×1 and give fewer maps."""
    from torch import nn

    steps, fewer = [], []
    for layer in branch.modules():
        if isinstance(layer, nn.Conv2d):
            steps.append(size(layer.kernel_size))
            fewer.append(layer.kernel_size == (1, 1) and layer.out_channels < layer.in_channels)
        elif isinstance(layer, nn.MaxPool2d):
            steps.append("pooling")
            fewer.append(False)
    return tuple(steps), fewer


def as_one(module: Inception, side: int) -> tuple[bool, float]:
    """Write the last convolutions of three branches as a single one that reads all their inputs.

    Return whether it gives the same, and which part of its weights is not zero.
    """
    import torch
    from torch.nn import functional as F

    ends = [convolutions(branch)[-1] for branch in branches(module)[:3]]
    given: dict[nn.Module, Tensor] = {}
    made: dict[nn.Module, Tensor] = {}

    def keep(layer: nn.Module, args: tuple[Tensor], output: Tensor) -> None:
        given[layer], made[layer] = args[0].clone(), output.clone()  # a ReLU works in place

    for layer in ends:
        layer.register_forward_hook(keep)
    maps = module.branch1x1[0].in_channels
    assert isinstance(maps, int)
    module(torch.randn(1, maps, 9, 9, dtype=torch.double))
    x, y = (torch.cat([seen[layer] for layer in ends], 1) for seen in (given, made))
    weight = torch.zeros(y.shape[1], x.shape[1], side, side, dtype=torch.double)
    row = column = 0
    for layer in ends:
        edge = (side - layer.kernel_size[0]) // 2
        outs, ins = layer.out_channels, layer.in_channels
        weight[row : row + outs, column : column + ins] = F.pad(layer.weight, [edge] * 4)
        row, column = row + outs, column + ins
    biases = [layer.bias for layer in ends if layer.bias is not None]
    one = F.conv2d(x, weight, torch.cat(biases) if biases else None, padding=side // 2)
    return torch.allclose(one, y, atol=1e-9), float(weight.count_nonzero()) / weight.numel()


def halves(module: nn.Module) -> bool:
    """Return whether one of the branches has a pooling that halves height and width."""
    from torch import nn

    pools = (layer for layer in module.modules() if isinstance(layer, nn.MaxPool2d))
    return any(pool.stride == 2 for pool in pools)


def modules_by_stage(modules: Iterable[nn.Module]) -> list[int]:
    """Return how many modules there are before, between and behind those that halve the size."""
    counts = [0]
    for module in modules:
        if halves(module):
            counts.append(0)
        else:
            counts[-1] += 1
    return counts


def steps_in_a_row(network: nn.Module) -> int:
    """Return the number of convolutions on the longest way through layers and branches."""
    from torch import nn

    from cnnhistory.nn.branches import Branches

    if isinstance(network, nn.Conv2d):
        return 1
    if isinstance(network, Branches):
        return max(steps_in_a_row(branch) for branch in network.branches.values())
    return sum(steps_in_a_row(part) for part in network.children())


def pieces(name: str, side: int) -> tuple[int, int, int]:
    """Return how many convolutions of a model are rows, columns and squares of a side."""
    from collections import Counter

    from cnnhistory.registry import on_meta

    kernels = Counter(layer.kernel_size for layer in convolutions(on_meta(name)))
    return kernels[1, side], kernels[side, 1], kernels[side, side]


def has_pooling(module: nn.Module) -> bool:
    """Return whether a pooling is among the layers of a module."""
    from torch import nn

    return any(isinstance(layer, nn.MaxPool2d | nn.AvgPool2d) for layer in module.modules())


def zeros_after(steps: int, scale: float, seed: int = 0) -> float:
    """Train a small residual Inception network; return the share of zeros in front of its average.

    It has 1,024 maps and learns patches with RMSProp at the paper's rate and epsilon, and with
    momentum; the share is of 320 validation patches.
    """
    import torch
    from torch.nn.functional import cross_entropy

    from cnnhistory._util.modes import evaluating
    from cnnhistory.data.patches import PatchesDataModule
    from cnnhistory.optim.rmsprop import RMSProp
    from cnnhistory.registry import create_model

    data = PatchesDataModule(crop=24, augment=False)
    images, labels, val_set = data.train_set.images, data.train_set.labels, data.val_set
    assert val_set is not None
    torch.manual_seed(seed)
    net = create_model("residual_inception", scale=scale).train()
    update = RMSProp(net.parameters(), 0.045, eps=1.0, momentum=0.9, eps_inside=True)
    for _ in range(steps):
        batch = torch.randint(len(images), (16,))
        update.zero_grad()
        cross_entropy(net(images[batch]), labels[batch]).backward()
        update.step()
    with evaluating(net):
        maps = net.get_submodule("blocks")(net.get_submodule("stem")(val_set.images[:320]))
    return float((maps == 0).float().mean())
