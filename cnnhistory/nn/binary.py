"""Layers whose weights, inputs or both are +1 and -1.

A step function has the gradient 0 almost everywhere, so training needs a stand-in for it. Each
function here says what it computes forward, and which pseudo-gradient goes backward.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WeightGradient = Literal["paper", "exact"]


class _StraightThrough(torch.autograd.Function):
    """Hand `values` on; backward, the gradient goes to `x` where `x` is not saturated."""

    @staticmethod
    def forward(x: Tensor, values: Tensor, bound: float) -> Tensor:
        return values.view_as(values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: Tensor) -> None:
        x, _, bound = inputs
        ctx.save_for_backward(x.abs() <= bound)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return grad * ctx.saved_tensors[0], None, None


class _ScaledWeight(torch.autograd.Function):
    """Signs of the weights, with the paper's gradient of alpha sign(W) backward."""

    @staticmethod
    def forward(weight: Tensor, alpha: Tensor) -> Tensor:
        return signs(weight)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        weight, alpha = ctx.saved_tensors
        # `grad` belongs to the signs and has the factor alpha of the product already.
        tiny = torch.finfo(alpha.dtype).tiny
        share = 1 / (weight[0].numel() * alpha.clamp_min(tiny))
        return grad * ((weight.abs() <= 1) + share), None


def signs(x: Tensor) -> Tensor:
    """Return +1 where x >= 0 and -1 elsewhere, in the type of `x`, without a gradient.

    torch.sign gives 0 for 0; a bit cannot.
    """
    return (x >= 0).to(x.dtype).mul_(2).sub_(1)


def binarize(x: Tensor, bound: float = 1.0) -> Tensor:
    """Take the sign of each value.

    Forward: b = +1 if x >= 0, else -1.
    Backward: dC/dx = dC/db where |x| <= bound, else 0 ("straight-through" with saturation: the
    gradient of a hard tanh).

    Source: courbariaux2016binarized, Sections 1.1 and 1.3, equations (1) and (4).

    >>> binarize(torch.tensor([-2.0, -0.0, 0.3]))
    tensor([-1.,  1.,  1.])
    """
    return _StraightThrough.apply(x, signs(x.detach()), bound)


def binarize_stochastic(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw +1 or -1 for each value, +1 the more likely the larger it is.

    Forward: b = +1 with probability p = clip((x + 1) / 2, 0, 1), else -1; for x in [-1, 1] the
    mean of b is x.
    Backward: dC/dx = dC/db where |x| <= 1, else 0.

    Source: courbariaux2016binarized, Section 1.1, equations (2) and (3).
    """
    p = (x.detach() + 1) / 2
    drawn = torch.rand(x.shape, dtype=x.dtype, device=x.device, generator=generator)
    return _StraightThrough.apply(x, signs(p - drawn), 1.0)


def filter_scale(weight: Tensor) -> Tensor:
    """Return alpha, the mean absolute weight of each filter.

    alpha = ||W||_1 / n with n weights in a filter. Of all scaled sign patterns alpha B, the one
    with B = sign(W) and this alpha is nearest to W in the sum of squares.

    Shape: weight (O, ...), alpha (O, 1, ..., 1).

    Source: rastegari2016xnor, Section 3.1, equation (6).
    """
    return weight.abs().mean(tuple(range(1, weight.dim())), keepdim=True)


def binarize_weight(weight: Tensor, gradient: WeightGradient = "paper") -> tuple[Tensor, Tensor]:
    """Return sign(W) and alpha, whose product stands for the weights W.

    With the gradient G of the estimate alpha sign(W), the gradient of W_i is

    - "paper": G_i (1 / n + alpha 1[|W_i| <= 1]);
    - "exact": sign(W_i) / n * sum over j of G_j sign(W_j) + alpha G_i 1[|W_i| <= 1], which is the
      derivative once the sign has its straight-through one: alpha depends on every weight of its
      filter. The paper's form keeps the term j = i of the sum.

    Shape: weight (O, ...), signs the same, alpha (O, 1, ..., 1).

    Raises:
        ValueError: `gradient` is neither of the two.

    Source: rastegari2016xnor, Section 3.1, the gradient below equation (6).
    """
    if gradient not in ("paper", "exact"):
        raise ValueError(f"gradient: expected 'paper' or 'exact', got {gradient!r}")
    alpha = filter_scale(weight)
    if gradient == "exact":
        return binarize(weight), alpha
    alpha = alpha.detach()
    return _ScaledWeight.apply(weight, alpha), alpha


def input_scale(
    x: Tensor, kernel_size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """Return K, the mean absolute input below each window of a convolution.

    K = A * k, where A is the mean of |x| over the channels and k has kernel_size entries, all one
    over their number. Padding counts as 0.

    Shape: x (N, C, H, W), K (N, 1, H', W') as the convolution makes it.

    Source: rastegari2016xnor, Section 3.2, equations (10) and (11).
    """
    return F.avg_pool2d(x.abs().mean(1, keepdim=True), kernel_size, stride, padding)


class Sign(nn.Module):
    """Take the sign of every value: +1 if it is at least 0, else -1.

    Backward, the gradient passes where |x| <= 1 and is 0 elsewhere. With `stochastic`, training
    draws the signs (see `binarize_stochastic`); evaluation never does.

    Shape: any, output the same.

    Source: courbariaux2016binarized, Sections 1.1 and 1.3.
    """

    def __init__(self, stochastic: bool = False) -> None:
        super().__init__()
        self.stochastic = stochastic

    def forward(self, x: Tensor) -> Tensor:
        """Return the signs."""
        return binarize_stochastic(x) if self.stochastic and self.training else binarize(x)

    def extra_repr(self) -> str:
        """Show whether training draws."""
        return "stochastic" if self.stochastic else ""


class BinaryConv2d(nn.Module):
    """Convolve with kernels of +1 and -1, which real weights behind them choose.

    y = alpha (x * sign(W)), with alpha = 1, or, if `scale`, the mean absolute weight of each
    filter. The input is taken as it comes: real for a binary-weight network; for a binary network
    put `Sign` in front. Padding adds zeros, also to an input of signs: they count as 0, neither
    +1 nor -1. After every step of the optimizer call `constrain`.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H', W') as of torch's Conv2d.

    Raises:
        ValueError: `bound` is not positive, or `gradient` is not known.

    Source: courbariaux2016binarized, Algorithm 1; with `scale` rastegari2016xnor, Section 3.1.

    Deviations: BNN's code draws the real weights from U[-1, 1] and multiplies the learning rate of
    the layer by 1 / H, H = sqrt(1.5 / (fan in + fan out)). Here they come from U[-H, H]; together
    with `bound` = H instead of 1 that is, under Adam, the same training in another unit.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        *,
        scale: bool = False,
        gradient: WeightGradient = "paper",
        bound: float | None = 1.0,
    ) -> None:
        super().__init__()
        shape = (out_channels, in_channels, kernel_size, kernel_size)
        self.weight = nn.Parameter(torch.empty(shape))
        self.stride, self.padding = (stride, stride), (padding, padding)
        self.scale, self.gradient = scale, gradient
        self.bound = _start(self.weight, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps."""
        w, alpha = _signs_and_scale(self.weight, self.scale, self.gradient)
        y = F.conv2d(x, w, None, self.stride, self.padding)
        return y if alpha is None else y * alpha.view(1, -1, 1, 1)

    def constrain(self) -> None:
        """Clip the real weights to [-bound, bound], so that none is out of reach of its sign."""
        self.weight.data.clamp_(-self.bound, self.bound)

    def extra_repr(self) -> str:
        """Show what the layer was made with."""
        out, into, size, _ = self.weight.shape
        return (
            f"{into}, {out}, {size}, stride={self.stride[0]}, padding={self.padding[0]}, "
            f"scale={self.scale}"
        )


class BinaryLinear(nn.Module):
    """Multiply by a matrix of +1 and -1, which real weights behind it choose.

    y = alpha x sign(W)^T; see `BinaryConv2d` for everything else.

    Shape: input (N, in_features), output (N, out_features).

    Raises:
        ValueError: `bound` is not positive, or `gradient` is not known.

    Source: courbariaux2016binarized, Algorithm 1; with `scale` rastegari2016xnor, Section 3.1.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        scale: bool = False,
        gradient: WeightGradient = "paper",
        bound: float | None = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.scale, self.gradient = scale, gradient
        self.bound = _start(self.weight, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sums."""
        w, alpha = _signs_and_scale(self.weight, self.scale, self.gradient)
        y = F.linear(x, w)
        return y if alpha is None else y * alpha.view(1, -1)

    def constrain(self) -> None:
        """Clip the real weights to [-bound, bound], so that none is out of reach of its sign."""
        self.weight.data.clamp_(-self.bound, self.bound)

    def extra_repr(self) -> str:
        """Show what the layer was made with."""
        out, into = self.weight.shape
        return f"{into}, {out}, scale={self.scale}"


class ScaledSignConv2d(nn.Module):
    """XNOR-Net's convolution: signs of the input with kernels of +1 and -1, both scaled.

    y = K alpha (sign(x) * sign(W)), where K is the mean absolute input below each window (see
    `input_scale`) and alpha the mean absolute weight of each filter.

    Shape: input (N, in_channels, H, W), output (N, out_channels, H', W') as of torch's Conv2d.

    Source: rastegari2016xnor, Section 3.2, equation (11).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        *,
        gradient: WeightGradient = "paper",
    ) -> None:
        super().__init__()
        self.sign = Sign()
        self.conv = BinaryConv2d(
            in_channels, out_channels, kernel_size, stride, padding, scale=True, gradient=gradient
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps."""
        size = self.conv.weight.shape[2]
        k = input_scale(x, (size, size), self.conv.stride, self.conv.padding)
        return self.conv(self.sign(x)) * k


def constrain(network: nn.Module) -> None:
    """Clip the real weights of every binary layer, to be called after a step of the optimizer.

    Source: courbariaux2016binarized, Section 1.3 and Algorithm 1.
    """
    for layer in network.modules():
        if isinstance(layer, BinaryConv2d | BinaryLinear):
            layer.constrain()


def _start(weight: Tensor, bound: float | None) -> float:
    """Draw weights from U[-H, H], H = sqrt(1.5 / (fan in + fan out)); return the bound."""
    window = weight[0, 0].numel()
    half = (1.5 / (window * (weight.shape[0] + weight.shape[1]))) ** 0.5
    nn.init.uniform_(weight, -half, half)
    if bound is not None and not bound > 0:
        raise ValueError(f"bound: expected a positive number or None for H, got {bound}")
    return half if bound is None else bound


def _signs_and_scale(
    weight: Tensor, scale: bool, gradient: WeightGradient
) -> tuple[Tensor, Tensor | None]:
    return binarize_weight(weight, gradient) if scale else (binarize(weight), None)
