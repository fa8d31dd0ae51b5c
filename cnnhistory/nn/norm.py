"""Normalization: what torch does not have in this form, one layer written out, and its opposite."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite, check_share
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


class BatchNorm2d(nn.Module):
    """Give each channel mean 0 and variance 1 over the batch, then a scale and a shift of its own.

    y = weight (x - m) / sqrt(v + eps) + bias. In training m and v are the mean and the variance of
    the channel over all images and places of the batch; in evaluation mode they are running
    averages of both, each new batch with the share `momentum`. torch's layer of the same name
    computes the same, and faster; this one shows how.

    Shape: input (N, channels, H, W), output the same.

    Raises:
        ValueError: `channels` is below 1, a constant is out of range, or there is at most one
            value of a channel to train with.

    Source: ioffe2015batch, Algorithms 1 and 2, Section 3.2.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        check_counts(channels=channels)
        check_finite("eps", eps, positive=True)
        check_share("momentum", momentum)
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalized maps; in training, also count the batch into the averages."""
        if self.training:
            count = x.numel() // x.shape[1]
            if count <= 1:
                raise ValueError("input: expected more than one value of a channel in training")
            mean = x.mean((0, 2, 3))
            var = (x - mean[:, None, None]).square().mean((0, 2, 3))
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                # The variance of all images is a little larger than that within a batch.
                self.running_var.lerp_(var * count / (count - 1), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        scale = self.weight / (var + self.eps).sqrt()
        return scale[:, None, None] * (x - mean[:, None, None]) + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Show the channels and both constants."""
        return f"{len(self.weight)}, eps={self.eps}, momentum={self.momentum}"


class RandomShift(nn.Module):
    """Move the distribution of every channel at random, anew in each training step.

    y = s x + m. For each channel a mean c is drawn from U[-mean, mean] and a scale d from
    U[1, std]; then for each value m from U[c - spread, c + spread] and s from N(d, spread^2). So a
    channel has another mean and variance in each step, on purpose. In evaluation mode y = x.

    Shape: input (N, C, *), output the same.

    Units: the values are meant to have mean 0 and variance 1, as behind a batch normalization.

    Raises:
        ValueError: a number is negative or not finite, or `std` is below 1.

    Source: santurkar2018how, Section 2.1; Algorithm 1 of the appendix, whose constants these are.
    """

    def __init__(self, mean: float = 0.5, std: float = 1.25, spread: float = 0.1) -> None:
        super().__init__()
        for name, value, least in (("mean", mean, 0), ("std", std, 1), ("spread", spread, 0)):
            check_finite(name, value)
            if value < least:
                raise expected(name, f"a number of at least {least}", value)
        self.mean, self.std, self.spread = mean, std, spread

    def forward(self, x: Tensor) -> Tensor:
        """Return the moved values."""
        if not self.training:
            return x
        channels = (1, x.shape[1]) + (1,) * (x.dim() - 2)
        center = self.mean * (2 * torch.rand(channels, device=x.device) - 1)
        scale = 1 + (self.std - 1) * torch.rand(channels, device=x.device)
        shift = center + self.spread * (2 * torch.rand_like(x) - 1)
        return (scale + self.spread * torch.randn_like(x)) * x + shift

    def extra_repr(self) -> str:
        """Show the three constants."""
        return f"mean={self.mean}, std={self.std}, spread={self.spread}"
