"""Windows that never lose an edge: padding as in TensorFlow."""

from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected


def pad_same(x: Tensor, kernel: int, stride: int, value: float = 0.0) -> Tensor:
    """Add as many rows and columns that windows with a stride cover ceil(n / stride) places.

    Of an odd number of them the larger part comes after the image.

    Shape: input (N, C, H, W), output (N, C, H + p, W + q) with p, q < kernel.

    >>> import torch
    >>> pad_same(torch.ones(1, 1, 4, 5), kernel=3, stride=2).shape
    torch.Size([1, 1, 5, 7])
    """
    pads = []
    for side in (x.shape[3], x.shape[2]):
        total = missing(side, kernel, stride)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value) if any(pads) else x


def missing(side: int, kernel: int, stride: int) -> int:
    """Return how many pixels a side lacks so that windows cover ceil(side / stride) places.

    >>> missing(5, kernel=3, stride=2), missing(4, kernel=3, stride=2)
    (2, 1)
    """
    return max((-(-side // stride) - 1) * stride + kernel - side, 0)


class SamePool2d(nn.Module):
    """Take the maximum or the mean of every window; what lies beyond the edge does not count.

    Shape: input (N, C, H, W), output (N, C, ceil(H/stride), ceil(W/stride)).

    Raises:
        ValueError: `kind` is not "max" or "avg", a number is below 1, or the windows have an even
            side and a stride of 1.
    """

    def __init__(self, kind: str, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        check_one_of("kind", kind, ("max", "avg"))
        check_counts(kernel=kernel, stride=stride)
        if kernel % 2 == 0 and stride == 1:
            raise expected("kernel", "an odd number where the stride is 1", kernel)
        self.kind, self.kernel, self.stride = kind, kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return the pooled maps."""
        # Half of what is missing on either side; the last window may reach one pixel further. So
        # no padded copy is made, which the backward pass would keep.
        padding = [missing(side, self.kernel, self.stride) // 2 for side in x.shape[2:]]
        if self.kind == "max":
            return F.max_pool2d(x, self.kernel, self.stride, padding, ceil_mode=True)
        return F.avg_pool2d(
            x, self.kernel, self.stride, padding, ceil_mode=True, count_include_pad=False
        )

    def extra_repr(self) -> str:
        """Show the settings."""
        return f"{self.kind}, kernel={self.kernel}, stride={self.stride}"
