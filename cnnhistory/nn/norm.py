"""Normalization layers that torch does not have, or has in another convention."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import expected


class LocalResponseNorm(nn.Module):
    """Divide each value by a power of the energy of its neighbors in the channel direction.

    b_i = a_i / (k + alpha * sum over j of a_j^2)^beta, where j runs over the `size` channels
    around i, fewer at the two ends. torch's layer of the same name divides alpha by the number of
    channels, so that it needs alpha = 5e-4 for the paper's 1e-4. This one takes the paper's
    constants, and adds shifted slices instead of pooling in three dimensions, which on a CPU is
    about three times as fast.

    Shape: input (N, C, *), output the same.

    Raises:
        ValueError: `size` is not a positive odd number, or another constant is not finite.

    Source: krizhevsky2012imagenet, Section 3.3.
    """

    def __init__(
        self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0
    ) -> None:
        super().__init__()
        check_counts(size=size)
        if size % 2 == 0:
            raise expected("size", "an odd number of channels", size)
        for name, value in (("alpha", alpha), ("beta", beta), ("k", k)):
            check_finite(name, value)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized values."""
        channels, reach = x.shape[1], self.size // 2
        squares = F.pad(x.square(), (0, 0) * (x.dim() - 2) + (reach, reach))
        energy = squares[:, :channels]
        for start in range(1, self.size):
            energy = energy + squares[:, start : start + channels]
        return x * torch.pow(self.k + self.alpha * energy, -self.beta)

    def extra_repr(self) -> str:
        """Show the four constants."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
