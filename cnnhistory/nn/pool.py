"""Pooling layers, each a way to make one number of a window."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts, check_finite
from cnnhistory._util.lookup import expected
from cnnhistory.nn.size import check_maps


class Subsample2d(nn.Module):
    """Sum each 2x2 block of a map, times one trainable weight, plus one trainable bias.

    y_c = w_c (x_1 + x_2 + x_3 + x_4) + b_c for the four inputs of a block of map c. With w = 1/4
    and b = 0 this is average pooling. The paper squashes y afterwards; that is a layer of its own
    here.

    Shape: input (N, C, H, W) with even H and W, output (N, C, H/2, W/2).

    Raises:
        ValueError: `channels` is below 1, or the input has another number of maps or an odd height
            or width.

    Source: lecun1998gradient, Section II-B (layers S2 and S4).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        check_counts(channels=channels)
        self.channels = channels
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights and biases from U[-2.4/4, 2.4/4]: a unit has four inputs."""
        with torch.no_grad():
            self.weight.uniform_(-0.6, 0.6)
            self.bias.uniform_(-0.6, 0.6)

    def forward(self, x: Tensor) -> Tensor:
        """Return the sub-sampled maps."""
        check_maps(x, self.channels, even=True)
        sums = 4 * F.avg_pool2d(x, 2)  # of the four values of each block: (N, C, H/2, W/2)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]

    def extra_repr(self) -> str:
        """Show the number of maps."""
        return f"{self.channels}"


class WindowPool2d(nn.Module):
    """Make one number of each window of a map; what number, a subclass says in `pool`.

    Shape: input (N, C, H, W), output (N, C, H', W') with H' = floor((H - k) / s) + 1 for a kernel
    of k x k and the stride s, k where it is not given; W' likewise.

    Raises:
        ValueError: `kernel_size` or `stride` is below 1, or the maps are smaller than the kernel or
            none.
    """

    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        super().__init__()
        stride = kernel_size if stride is None else stride
        check_counts(kernel_size=kernel_size, stride=stride)
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled maps."""
        size, step = self.kernel_size, self.stride
        if x.dim() != 4 or min(x.shape[2:]) < size or 0 in x.shape[:2]:
            raise expected("input", f"(N, C, H, W) of {size}x{size} at least", tuple(x.shape))
        last = [(side - size) // step * step for side in x.shape[2:]]  # where the last one begins
        return self.pool(
            torch.stack(
                [
                    x[:, :, i : last[0] + i + 1 : step, j : last[1] + j + 1 : step]
                    for i in range(size)
                    for j in range(size)
                ]
            )
        )

    def pool(self, windows: Tensor) -> Tensor:
        """Return one number for each window.

        Shape: (k * k, N, C, H', W'), the values of a window first, to (N, C, H', W').
        """
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Show the window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


class MaxPool2d(WindowPool2d):
    """Keep the largest value of each window.

    y = max_i x_i. The gradient goes to the place of the maximum alone.

    Source: krizhevsky2012imagenet, Section 3.4, whose windows of 3x3 overlap at the stride 2.

    >>> MaxPool2d(3, 2)(torch.zeros(1, 1, 55, 55)).shape[2:]
    torch.Size([27, 27])
    """

    def pool(self, windows: Tensor) -> Tensor:
        """Return the maximum of each window."""
        return windows.max(0).values


class AvgPool2d(WindowPool2d):
    """Average each window: `Subsample2d` without its trained weight and bias.

    y = 1/n sum_i x_i for the n values of a window. The gradient goes to all of them alike.

    Source: lecun1998gradient, Section II-B.
    """

    def pool(self, windows: Tensor) -> Tensor:
        """Return the mean of each window."""
        return windows.mean(0)


class LPPool2d(WindowPool2d):
    """Pool with the p-norm: the mean of the p-th powers, and of that the p-th root.

    y = (1/n sum_i |x_i|^p)^(1/p) for the n values of a window. For values that are not negative,
    p = 1 is the average, p = 2 the root mean square, and y grows with p towards the maximum.

    Raises:
        ValueError: as `WindowPool2d`; `p` is not a positive, finite number.

    Source: sermanet2012convolutional.

    Deviations: the paper weights the window by a Gaussian; all weights are 1/n here, so that p
        leads from the average to the maximum. (`torch.nn.LPPool2d` has a sum and no absolute
        value.)
    """

    def __init__(self, kernel_size: int, stride: int | None = None, p: float = 2.0) -> None:
        super().__init__(kernel_size, stride)
        check_finite("p", p, positive=True)
        self.p = float(p)

    def pool(self, windows: Tensor) -> Tensor:
        """Return the p-norm of each window."""
        x = windows.abs()
        # Powers of numbers up to 1 neither overflow nor vanish all together. Mathematically the
        # largest value cancels, so no gradient goes through it.
        largest = x.detach().amax(0)
        silent = largest == 0
        mean = (x / largest.where(~silent, 1)).pow(self.p).mean(0)
        return largest * mean.masked_fill(silent, 1).pow(1 / self.p)

    def extra_repr(self) -> str:
        """Show the window and the exponent."""
        return f"{super().extra_repr()}, p={self.p:g}"


class MixedPool2d(WindowPool2d):
    """Take the maximum or the average, drawn anew for every map of every image in training.

    y = L max_i x_i + (1 - L) mean_i x_i. In training L is 0 or 1 with equal probability; in
    evaluation it is 1/2, its mean.

    Source: yu2014mixed.

    Deviations: for evaluation the paper takes the choice that was the more frequent one in
        training; with equal probabilities that is an accident, and the mean is taken here.
    """

    def pool(self, windows: Tensor) -> Tensor:
        """Return a maximum or an average of each window."""
        top, mean = windows.max(0).values, windows.mean(0)
        if not self.training:
            return (top + mean) / 2
        choice = torch.rand(*top.shape[:2], 1, 1, device=top.device) < 0.5
        return torch.where(choice, top, mean)


class StochasticPool2d(WindowPool2d):
    """Draw one value of each window, with a probability in proportion to its size.

    p_i = a_i / sum_j a_j for values a_i that are not negative. In training y = a_l with l drawn by
    these probabilities; in evaluation y = sum_i p_i a_i, the mean of what would be drawn. Where all
    values are 0, so is y.

    Raises:
        ValueError: as `WindowPool2d`; the input has a negative value, or NaN.

    Source: zeiler2013stochastic.
    """

    def pool(self, windows: Tensor) -> Tensor:
        """Return a drawn value, or the mean of draws, of each window."""
        if not bool((windows >= 0).all()):
            wanted = "values that are not negative, such as ReLU's"
            raise expected("input", wanted, windows.min().item())
        if not self.training:
            total = windows.sum(0)
            return windows.square().sum(0) / total.where(total > 0, 1)
        # The drawn value is the first one with which the running sum reaches a random part of the
        # whole, a part in (0, 1]: a value of 0 is not drawn, and the last sum reaches any part.
        sums = windows.detach().cumsum(0)
        reached = sums >= sums[-1] * (1 - torch.rand_like(sums[-1]))
        before = torch.cat([torch.zeros_like(reached[:1]), reached[:-1]])
        return (windows * (reached & ~before)).sum(0)
