"""Layers whose weights, inputs or both are +1 and -1; see `cnnhistory.nn.sign` for the signs."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.sign import (
    GRADIENTS,
    WeightGradient,
    binarize,
    binarize_stochastic,
    binarize_weight,
    input_scale,
)


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
        ValueError: a size is no whole number or too small, `bound` is not positive, or `gradient`
            is not known.

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
        check_counts(
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=stride,
        )
        check_counts(0, padding=padding)
        check_one_of("gradient", gradient, GRADIENTS)
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
        ValueError: as `BinaryConv2d`.

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
        check_counts(in_features=in_features, out_features=out_features)
        check_one_of("gradient", gradient, GRADIENTS)
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

    Raises:
        ValueError: as `BinaryConv2d`.

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


def without_latent_weights(network: nn.Module) -> dict[str, Tensor]:
    """Return a network's state in which binary layers have only what they compute with.

    The real weights of a filter become m sign(W), with m their mean absolute value: the same signs
    and the same scale, so the outputs do not change, but few bits where it is packed. Training
    cannot go on from it as from the real weights.

    Shape: as `network.state_dict()`; the tensors are copies.
    """
    state = {key: value.detach().clone() for key, value in network.state_dict().items()}
    for name, layer in network.named_modules():
        if isinstance(layer, BinaryConv2d | BinaryLinear):
            w = layer.weight.detach()
            mean = w.abs().flatten(1).mean(1).reshape(-1, *[1] * (w.dim() - 1))
            state[f"{name}.weight" if name else "weight"] = mean * binarize(w)
    return state


def _start(weight: Tensor, bound: float | None) -> float:
    """Draw weights from U[-H, H], H = sqrt(1.5 / (fan in + fan out)); return the bound."""
    window = weight[0, 0].numel()
    half = (1.5 / (window * (weight.shape[0] + weight.shape[1]))) ** 0.5
    nn.init.uniform_(weight, -half, half)
    if bound is not None:
        check_finite("bound", bound, positive=True)
    return half if bound is None else bound


def _signs_and_scale(
    weight: Tensor, scale: bool, gradient: WeightGradient
) -> tuple[Tensor, Tensor | None]:
    return binarize_weight(weight, gradient) if scale else (binarize(weight), None)
