"""Making a trained network run faster without changing what it computes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights
from torch.utils._pytree import tree_map

from cnnhistory._util.bfloat16 import floating_to, has_bfloat16, to_bfloat16
from cnnhistory._util.lookup import expected
from cnnhistory.nn.fusion.conv import FusedConv2d, can_fuse
from cnnhistory.nn.fusion.watch import Chains, follow, has_hooks

__all__ = ["InferenceNetwork", "has_bfloat16", "optimize_for_inference"]


class InferenceNetwork(nn.Module):
    """A network that only computes outputs; `network` is the rewritten copy.

    Its parameters need no gradients, so that nothing is kept for a backward pass; gradients with
    respect to the input still work. With a `dtype` it computes in that type, and gives outputs back
    in the type `outside`.

    Raises:
        RuntimeError: it is put into training mode.
    """

    def __init__(
        self,
        network: nn.Module,
        folded: Sequence[str],
        dtype: torch.dtype | None = None,
        outside: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.network = network.requires_grad_(False)
        self.folded = tuple(folded)
        self.dtype, self.outside = dtype, outside
        self.eval()

    def forward(self, *inputs: Any) -> Any:
        """Return what the network returns in evaluation mode."""
        if self.dtype is None:
            return self.network(*inputs)
        outputs = self.network(*tree_map(lambda x: floating_to(self.dtype, x), inputs))
        return tree_map(lambda y: floating_to(self.outside, y), outputs)

    def train(self, mode: bool = True) -> InferenceNetwork:
        """Stay in evaluation mode."""
        if mode:
            raise RuntimeError(
                "a network for inference cannot be trained: its batch normalization is part of "
                "the convolutions; train the network that it was made from"
            )
        return super().train(False)

    def extra_repr(self) -> str:
        """Show how many normalizations are gone, and the type."""
        return f"folded={len(self.folded)}" + (f", dtype={self.dtype}" if self.dtype else "")


def optimize_for_inference(
    model: nn.Module,
    input_shape: tuple[int, ...] | None = None,
    dtype: torch.dtype | None = None,
) -> InferenceNetwork:
    """Return a copy of a network that gives the same outputs in less time; `model` is not changed.

    Batch normalization is folded into the convolution in front of it: with the running mean m and
    variance v, gamma (W * x + b - m) / sqrt(v + eps) + beta is a convolution with the kernels
    gamma W / sqrt(v + eps) and the bias gamma (b - m) / sqrt(v + eps) + beta. Kernels are laid out
    with the channels last, which convolutions on a CPU like best.

    ReLU and ReLU6 behind a convolution are computed with it, in one pass over the memory, and its
    weights are kept in the order in which the processor's library reads them (`FusedConv2d`),
    which takes the memory of the weights a second time.

    A pair is joined only if it is sure to be one. The copy runs once on the meta device, where
    nothing is computed, and every operation is watched: the convolution runs once, its output goes
    into that normalization and nowhere else, no other operation reads the parameters of the two,
    and neither has hooks. Other normalizations and activations stay as they are.

    The names of the folded normalizations are in `folded`.

    With `dtype=torch.bfloat16` the copy computes in numbers of 16 bits: the range of float32, and 8
    significant bits instead of 24. Folding comes first, in the precision of the model; the
    parameters of a normalization that stays are in float32, and a linear layer that makes the
    output stays as it is. Inputs are converted, outputs come back in the model's type. A processor
    with arithmetic in bfloat16 (`has_bfloat16`) can do two multiply-adds in the time of one. On
    others the outputs are the same within rounding, but the network may be slower than in float32,
    and a warning says so.

    Shape: as `model`, in evaluation mode. Outputs differ by rounding alone, and no more than they
    already differ from those in double precision: some 1e-6 to 1e-4. With bfloat16 they differ by
    some 1e-2 of the largest.

    Args:
        model: The network, in any mode, on any device.
        input_shape: One example without the batch, to follow the tensors with. By default square
            images of usual sizes are tried, with the channels of the first convolution.
        dtype: None for the type of the model, or torch.bfloat16.

    Raises:
        TypeError: `model` is not a module.
        ValueError: `model` does not run on an input of that shape, or not on any of those tried, or
            `dtype` is another type.

    >>> net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
    >>> optimize_for_inference(net).folded
    ('1',)
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: expected a torch.nn.Module, got {type(model).__name__}")
    if dtype not in (None, torch.bfloat16):
        raise expected("dtype", "None or torch.bfloat16", dtype)
    with torch.inference_mode(False):  # parameters that are made in it cannot be watched
        return _optimized(model, input_shape, dtype)


def _optimized(
    model: nn.Module, input_shape: tuple[int, ...] | None, dtype: torch.dtype | None
) -> InferenceNetwork:
    network = copy.deepcopy(model).eval()
    needed = dtype or any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    try:
        chains = follow(network, input_shape)
    except ValueError:
        if needed or input_shape is not None:
            raise
        chains = Chains([], [], None)
    folded = _join(network, chains)
    network.to(memory_format=torch.channels_last)
    floating = next((p for p in network.parameters() if p.is_floating_point()), None)
    if dtype is None or floating is None:
        return InferenceNetwork(network, folded)
    if not has_bfloat16(floating.device):
        warnings.warn(
            f"dtype: {floating.device} has no arithmetic in bfloat16; the network may be slower "
            "than in float32",
            stacklevel=2,
        )
    outside = floating.dtype
    to_bfloat16(network, chains.last)
    return InferenceNetwork(network, folded, dtype, outside)


def _join(network: nn.Module, chains: Chains) -> list[str]:
    """Join layers in place, and return the names of the normalizations that are gone."""
    for convolution, normalization in chains.normalized:
        _fold(convolution, normalization)
    gone = {normalization for _, normalization in chains.normalized}
    instead: dict[nn.Module, nn.Module] = {module: nn.Identity() for module in gone}
    for convolution, activation in chains.activated:
        if can_fuse(convolution, activation):
            instead[convolution] = FusedConv2d(convolution, activation)
            instead[activation] = nn.Identity()
    for module in network.modules():
        if module not in instead and can_fuse(module) and not has_hooks(module):
            assert isinstance(module, nn.Conv2d)
            instead[module] = FusedConv2d(module)
    # A module may be known by two names, although it runs once.
    named = list(network.named_modules(remove_duplicate=False))
    for name, module in named:
        if name and module in instead:
            network.set_submodule(name, instead[module])
    return [name for name, module in named if module in gone]


def _fold(convolution: nn.Conv2d, normalization: nn.BatchNorm2d) -> None:
    n = normalization
    assert n.running_mean is not None
    assert n.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, n.running_mean, n.running_var, n.eps, n.weight, n.bias
    )
