"""Signs of numbers, and what takes the place of their gradient.

A step function has the gradient 0 almost everywhere, so training needs a stand-in for it. Each
function here says what it computes forward, and which pseudo-gradient goes backward.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory._util.lookup import check_one_of

WeightGradient = Literal["paper", "exact"]
GRADIENTS = ("paper", "exact")


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
    check_one_of("gradient", gradient, GRADIENTS)
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
