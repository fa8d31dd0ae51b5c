"""The way back of max pooling: values return to the places where the maxima were."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected


def unpool(signal: Tensor, switches: Tensor, shape: torch.Size) -> Tensor:
    """Put values back to where the maxima came from; everything else is zero.

    Shape: signal and switches (N, C, h, w), result `shape`, which is (N, C, H, W).
    """
    maps = signal.new_zeros(shape).flatten(2)
    return maps.scatter_add(2, switches.flatten(2), signal.flatten(2)).view(shape)


def pool_with_places(x: Tensor, kernel_size: int = 2) -> tuple[Tensor, Tensor]:
    """Return the maximum of each window, and its place in the flattened map.

    Shape: x (N, C, H, W), both results (N, C, H / k, W / k), rounded down.

    Raises:
        ValueError: `kernel_size` is below 1, or x is no batch of maps of that size at least.

    Source: zeiler2014visualizing, Section 2.1 ("switches").

    >>> values, places = pool_with_places(torch.tensor([[[[1.0, 5], [3, 2]]]]))
    >>> values.item(), places.item()
    (5.0, 1)
    """
    check_counts(kernel_size=kernel_size)
    if x.dim() != 4 or min(x.shape[2:]) < kernel_size:
        raise expected("input", f"(N, C, H, W) of {kernel_size} pixels at least", tuple(x.shape))
    values, places = F.max_pool2d(x, kernel_size, return_indices=True)
    return values, places


class MaxUnpool2d(nn.Module):
    """Put the values of pooled maps back to stored places; all other places are 0.

    y[places[v]] = x[v]. It has no parameter: what is learned is in the convolution behind it,
    which fills the holes.

    Shape: input and `places` (N, C, h, w), the places of the maxima in maps of `size`, by default
    (h k, w k); output (N, C, *size).

    Raises:
        ValueError: `kernel_size` is below 1, the places have another shape or lie outside the map.

    Source: zeiler2014visualizing, Section 2.1; badrinarayanan2017segnet, Section 3.
    """

    def __init__(self, kernel_size: int = 2) -> None:
        super().__init__()
        check_counts(kernel_size=kernel_size)
        self.kernel_size = kernel_size

    def forward(self, x: Tensor, places: Tensor, size: tuple[int, int] | None = None) -> Tensor:
        """Return maps of the size before pooling."""
        if x.dim() != 4 or places.shape != x.shape:
            raise expected("places", f"one for each value, {tuple(x.shape)}", tuple(places.shape))
        height, width = size or (x.shape[2] * self.kernel_size, x.shape[3] * self.kernel_size)
        known = places.numel() and not places.is_meta  # on the meta device there are no values
        if known and not 0 <= int(places.min()) <= int(places.max()) < height * width:
            ends = int(places.min()), int(places.max())
            raise expected("places", f"from 0 to {height * width - 1}", ends)
        return unpool(x, places, torch.Size((*x.shape[:2], height, width)))

    def extra_repr(self) -> str:
        """Show the window."""
        return f"kernel_size={self.kernel_size}"
