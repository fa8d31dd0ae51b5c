"""A convolution whose weights are laid out for the processor, with its activation in one pass."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["FusedConv2d", "can_fuse"]

# How oneDNN calls what may follow a convolution, and its bounds.
ACTIVATIONS: dict[type[nn.Module], tuple[str, list[float]]] = {
    nn.ReLU: ("relu", []),
    nn.ReLU6: ("hardtanh", [0.0, 6.0]),
}
OPERATIONS = ("_convolution_pointwise", "_reorder_convolution_weight")


def can_fuse(convolution: nn.Module, activation: nn.Module | None = None) -> bool:
    """Return whether the two may become a `FusedConv2d`, or the convolution alone.

    >>> can_fuse(nn.Conv2d(3, 8, 3), nn.ReLU()), can_fuse(nn.Conv2d(3, 8, 3), nn.ELU())
    (True, False)
    """
    return (
        type(convolution) is nn.Conv2d
        and (activation is None or type(activation) in ACTIVATIONS)
        and convolution.padding_mode == "zeros"
        and not isinstance(convolution.padding, str)
    )


class FusedConv2d(nn.Module):
    """Compute y = r(W * x + b), with r = ReLU, ReLU6 or nothing, in one pass over the memory.

    A convolution of its own writes all its sums to memory, and the activation reads and writes them
    again; where maps are large and there is little to multiply, that takes as long as the
    convolution. PyTorch's library for processors of x86, oneDNN, can apply r to a sum before it is
    written. It also reads weights in an order of its own, which depends on the shape of the input,
    and puts them into it at every call; here that is done once for inputs of one shape and kept,
    which takes the memory of the weights once more.

    Where oneDNN is not there or of no use (another device or type, a gradient is asked for, a
    network is exported) the two run one after the other. The parameters are those of the
    convolution.

    Shape: as the convolution.

    Raises:
        ValueError: the two cannot be fused.

    >>> conv = nn.Conv2d(1, 1, 1)
    >>> _ = nn.init.constant_(conv.weight, 2.0), nn.init.constant_(conv.bias, 1.0)
    >>> FusedConv2d(conv, nn.ReLU6())(torch.tensor([[[[-3.0, 2.0, 5.0]]]])).tolist()
    [[[[0.0, 5.0, 6.0]]]]
    """

    def __init__(self, convolution: nn.Conv2d, activation: nn.Module | None = None) -> None:
        super().__init__()
        if not can_fuse(convolution, activation):
            raise ValueError(
                "convolution, activation: expected a plain Conv2d padded by a number of zeros and "
                f"a ReLU, a ReLU6 or none, got {convolution} and {activation}"
            )
        self.weight, self.bias = convolution.weight, convolution.bias
        self.stride, self.padding = convolution.stride, convolution.padding
        self.dilation, self.groups = convolution.dilation, convolution.groups
        self.name, self.bounds = (
            ("none", []) if activation is None else ACTIVATIONS[type(activation)]
        )
        self._kept: tuple[tuple[Any, ...], Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps after the activation."""
        where = self.padding, self.stride, self.dilation, self.groups
        if self._in_one_pass(x):
            return torch.ops.mkldnn._convolution_pointwise(
                x, self._laid_out(x), self.bias, *where, self.name, self.bounds, ""
            )
        padding, stride, dilation, groups = where
        y = nn.functional.conv2d(x, self.weight, self.bias, stride, padding, dilation, groups)
        if self.name == "none":
            return y
        return y.clamp_(0, 6) if self.name == "hardtanh" else y.relu_()

    def _laid_out(self, x: Tensor) -> Tensor:
        """Return the weights in the order in which they are read for inputs like x."""
        weight = self.weight.detach()
        if weight.is_inference():  # it may change without a trace
            return weight
        of = (weight.data_ptr(), self.weight._version, weight.dtype, x.dtype, x.shape)
        if self._kept is None or self._kept[0] != of:
            where = self.padding, self.stride, self.dilation, self.groups
            made = torch.ops.mkldnn._reorder_convolution_weight(weight, *where, list(x.shape))
            self._kept = of, made
        return self._kept[1]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the weights in their other order out of copies and files."""
        return {**self.__dict__, "_kept": None}

    def _in_one_pass(self, x: Tensor) -> bool:
        return (
            type(x) is Tensor
            and x.device.type == "cpu"
            and x.dim() == 4
            and x.dtype == self.weight.dtype
            and x.dtype in (torch.float32, torch.bfloat16)
            and x.numel() > 0
            and not (torch.is_grad_enabled() and (x.requires_grad or self.weight.requires_grad))
            and not torch.compiler.is_compiling()
            and not torch.is_autocast_enabled("cpu")
            and torch.backends.mkldnn.is_available()
            and bool(torch.backends.mkldnn.enabled)
            and all(hasattr(torch.ops.mkldnn, name) for name in OPERATIONS)
        )

    def extra_repr(self) -> str:
        """Show the shape of the weights, and the activation."""
        return f"{tuple(self.weight.shape)}, stride={self.stride}, activation={self.name}"
