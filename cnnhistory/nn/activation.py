"""Activation functions, written out: those of the first networks, and those that followed."""

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import expected


class ScaledTanh(nn.Module):
    """Squash each value with a stretched hyperbolic tangent.

    f(a) = A tanh(S a) with amplitude A = 1.7159 and slope S = 2/3. The constants make f(1) = 1
    and f(-1) = -1, where the curvature of f is largest, so targets of +1 and -1 do not drive the
    units into saturation, and the gain is about 1 for inputs of unit variance.

    Units: input any real value; output in (-1.7159, 1.7159).

    Raises:
        ValueError: a constant is not positive, or not finite.

    Source: lecun1998gradient, Section II-B and Appendix A; lecun1989backprop.
    """

    def __init__(self, amplitude: float = 1.7159, slope: float = 2 / 3) -> None:
        super().__init__()
        check_finite("amplitude", amplitude, positive=True)
        check_finite("slope", slope, positive=True)
        self.amplitude = amplitude
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """Return A tanh(S x), of the shape of `x`."""
        return self.amplitude * torch.tanh(self.slope * x)

    def extra_repr(self) -> str:
        """Show the two constants."""
        return f"amplitude={self.amplitude}, slope={self.slope:.4f}"


class Sigmoid(nn.Module):
    """Squash each value to between 0 and 1.

    f(x) = 1 / (1 + e^-x), with the derivative f (1 - f), at most 1/4. It is computed as
    (1 + tanh(x / 2)) / 2, which is the same and has no power that could overflow.

    Shape: any, kept.

    Source: rumelhart1986learning, equation (2).

    >>> Sigmoid()(torch.tensor([-100.0, 0.0, 100.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), of the shape of `x`."""
        return (1 + torch.tanh(x / 2)) / 2


class ReLU(nn.Module):
    """Keep what is positive, make 0 of the rest.

    f(x) = max(0, x). Its derivative is the step function, 1 for x > 0 and 0 for x < 0; at 0, where
    there is none, it is set to 0.

    Shape: any, kept.

    Source: nair2010rectified, Section 2; glorot2011deep, Section 3.1.

    >>> ReLU()(torch.tensor([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), of the shape of `x`."""
        return torch.where(x <= 0, 0, x)  # NaN stays NaN


class PReLU(nn.Module):
    """Keep what is positive, multiply the rest by a learned number.

    f(x) = max(0, x) + a min(0, x), with one a for each channel, or one for all of them. The
    derivative by a is min(0, x), added over all places that share it. Keep weight decay away from
    `weight`: it would push a to 0, to the ReLU.

    Shape: (N, channels, ...) in and out; any with one number for all.

    Raises:
        ValueError: `channels` is below 1 or `start` no finite number; the input has another number
            of channels.

    Source: he2015delving, Section 2.1, equations (1) to (4).

    >>> PReLU(2, start=0.5)(torch.tensor([[-2.0, 3.0]])).tolist()
    [[-1.0, 3.0]]
    """

    def __init__(self, channels: int = 1, start: float = 0.25) -> None:
        super().__init__()
        check_counts(channels=channels)
        check_finite("start", start)
        self.channels = channels
        self.weight = nn.Parameter(torch.full((channels,), float(start)))

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), of the shape of `x`."""
        shape: list[int] = []
        if self.channels > 1:
            if x.dim() < 2 or x.shape[1] != self.channels:
                raise expected("input", f"(N, {self.channels}, ...)", tuple(x.shape))
            shape = [self.channels, *[1] * (x.dim() - 2)]
        return torch.where(x > 0, x, self.weight.view(shape) * x)

    def extra_repr(self) -> str:
        """Show for how many channels it learns a number."""
        return f"{self.channels}"


class ELU(nn.Module):
    """Keep what is positive, let the rest approach -alpha.

    f(x) = x for x > 0, alpha (e^x - 1) otherwise, with the derivative 1 or alpha e^x. With
    alpha = 1 the derivative has no jump.

    Shape: any, kept.

    Raises:
        ValueError: `alpha` is not positive, or not finite.

    Source: clevert2016fast.

    >>> ELU()(torch.tensor([-100.0, 0.0, 3.0])).tolist()
    [-1.0, 0.0, 3.0]
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        check_finite("alpha", alpha, positive=True)
        self.alpha = float(alpha)

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), of the shape of `x`."""
        # Large values are kept from the power: an infinite one would make the gradient NaN.
        return torch.where(x > 0, x, self.alpha * torch.expm1(torch.where(x > 0, 0, x)))

    def extra_repr(self) -> str:
        """Show the constant."""
        return f"alpha={self.alpha:g}"
