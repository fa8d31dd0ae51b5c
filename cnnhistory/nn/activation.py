"""Activation functions that torch does not have."""

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_finite


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
