"""Convolutions that torch does not have."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory.nn.size import check_maps


class PartialConv2d(nn.Module):
    """Convolve with kernels on chosen pairs of input and output map only.

    y_o = b_o + sum over the linked i of W_oi * x_i, where `links[o, i]` says whether output map o
    reads input map i. Only the kernels of existing links are parameters: `weight` holds them in
    row-major order of `links`. The cost of the forward pass is that of the dense convolution,
    because the kernels are laid out in a dense tensor padded with zeros.

    With `bias_size=(H', W')` every unit of an output map has a bias of its own: only the kernels
    are shared. The layer then makes maps of that size and no other.

    Shape: input (N, I, H, W), output (N, O, H', W') with H' = floor((H - k) / stride) + 1 and W'
    likewise, for links of shape (O, I).

    Raises:
        ValueError: `kernel_size` or `stride` is below 1, `links` is not a two-dimensional boolean
            tensor, an output map has no link, the input has another number of maps than `links`
            has columns, or its maps do not give the size of the biases.

    Source: lecun1998gradient, Table I; lecun1990handwritten, Table 1 (the H2 to H3 links);
    lecun1989backprop (a bias for each unit).
    """

    index: Tensor
    links: Tensor

    def __init__(
        self,
        links: Tensor,
        kernel_size: int,
        stride: int = 1,
        bias_size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        check_counts(kernel_size=kernel_size, stride=stride)
        if links.dim() != 2 or links.dtype != torch.bool:
            raise ValueError(
                "links: expected a boolean tensor of shape (output maps, input maps), "
                f"got {links.dtype} of shape {tuple(links.shape)}"
            )
        table = links.cpu()  # the network may be built on the meta device; the table may not
        self.links_per_map = table.sum(dim=1).tolist()
        if 0 in self.links_per_map:
            raise ValueError("links: expected every output map to read at least one input map")
        self.out_channels, self.in_channels = table.shape
        self.kernel_size = kernel_size
        self.stride = stride
        self.bias_size = bias_size
        self.weight = nn.Parameter(torch.empty(sum(self.links_per_map), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(self.out_channels, *(bias_size or ())))
        # The table is part of the architecture, not of what was learned: keep it out of the state.
        device = self.weight.device
        index = table.flatten().nonzero().flatten()
        self.register_buffer("links", table.to(device), persistent=False)
        self.register_buffer("index", index.to(device), persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw kernels and biases from U[-2.4/F, 2.4/F], F = inputs of the unit (fan-in)."""
        bounds = [2.4 / (count * self.kernel_size**2) for count in self.links_per_map]
        pairs = zip(self.links_per_map, bounds, strict=True)
        per_link = [bound for count, bound in pairs for _ in range(count)]
        with torch.no_grad():
            self.weight.uniform_(-1, 1).mul_(self.weight.new_tensor(per_link)[:, None, None])
            # Maps come last in the transpose, so the factors meet them for either kind of bias.
            self.bias.uniform_(-1, 1).transpose(0, -1).mul_(self.bias.new_tensor(bounds))

    def dense_weight(self) -> Tensor:
        """Return the kernels as a dense (O, I, k, k) tensor with zeros where no link is."""
        size = self.kernel_size
        dense = self.weight.new_zeros(self.out_channels * self.in_channels, size, size)
        dense = dense.index_copy(0, self.index, self.weight)
        return dense.view(self.out_channels, self.in_channels, size, size)

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps of all output channels."""
        check_maps(x, self.in_channels)
        if self.bias_size is None:  # one bias a map
            return F.conv2d(x, self.dense_weight(), self.bias, self.stride)
        maps = F.conv2d(x, self.dense_weight(), stride=self.stride)  # (N, O, H', W')
        self._check_one_unit_a_bias(x, maps)
        return maps + self.bias  # of shape (O, H', W')

    def _check_one_unit_a_bias(self, x: Tensor, maps: Tensor) -> None:
        wanted = self.bias_size
        if wanted is not None and tuple(maps.shape[2:]) != wanted:
            made, biases = ("x".join(map(str, size)) for size in (maps.shape[2:], wanted))
            raise ValueError(
                f"input: maps of {x.shape[2]}x{x.shape[3]} give maps of {made}, "
                f"expected {biases}, one unit for each bias"
            )

    def extra_repr(self) -> str:
        """Show the sizes and how many of the possible links exist."""
        possible = self.out_channels * self.in_channels
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"links={self.weight.shape[0]} of {possible}"
            + (f", stride={self.stride}" if self.stride != 1 else "")
            + (f", bias_size={self.bias_size}" if self.bias_size else "")
        )
