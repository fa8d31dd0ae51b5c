"""FluidNet: a convolutional network in the place of the pressure solver.

J. Tompson, K. Schlachter, P. Sprechmann, K. Perlin, "Accelerating Eulerian Fluid Simulation With
Convolutional Networks", ICML 2017 (first version 2016).

What was new: the network sees the divergence and where the obstacles are, and gives a pressure in
a fixed number of operations; it is trained without a single solved pressure, by the divergence that
it leaves, now and some steps later.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_one_of, expected
from cnnhistory._util.modes import evaluating
from cnnhistory.graphics.fluid.geometry import Geometry
from cnnhistory.graphics.fluid.grid import check_cells, negative_laplacian, norm
from cnnhistory.graphics.fluid.pressure import centered


class FluidNet(nn.Module):
    """From divergence and geometry to pressure, at several resolutions.

    On the way down each resolution halves the last one by its mean and convolves; on the way up
    the coarser one is enlarged, added and convolved. Before, the divergence of each box is divided
    by its root mean square s, and afterwards the pressure is multiplied by it: `p = s · f(d / s)`,
    so that `p(a d) = a p(d)` for every a above 0.

    Args:
        axes: two or three.
        channels: of the finest resolution, and of all others.
        levels: how often the resolution is halved.

    Shape: divergence (B, *sizes) of any sizes; pressure (B, *sizes), zero in solid cells, of mean
        zero over the fluid.

    Raises:
        ValueError: `axes` is neither two nor three, or a number is no count.

    Source: tompson2017accelerating; its code, google/FluidNet.

    Deviations: the paper halves twice, this network as often as `levels` says, since in a box with
        closed walls each pressure depends on all of the box; its inputs are scaled by the standard
        deviation of the velocity, these by the root mean square of the divergence, so that it can
        be applied to what it has left, too.

    >>> from cnnhistory.graphics.fluid.geometry import empty_box
    >>> network = FluidNet(channels=(4, 8), levels=3)
    >>> network(torch.randn(1, 20, 16), empty_box(20, 16)).shape
    torch.Size([1, 20, 16])
    """

    def __init__(self, axes: int = 2, channels: tuple[int, int] = (8, 16), levels: int = 5) -> None:
        super().__init__()
        check_one_of("axes", axes, (2, 3))
        check_counts(levels=levels)
        fine, coarse = channels
        check_counts(fine=fine, coarse=coarse)
        self.axes, self.levels = axes, levels
        conv = nn.Conv2d if axes == 2 else nn.Conv3d
        widths = [fine] + [coarse] * levels
        self.first = conv(2, fine, 3, padding=1)
        self.down = nn.ModuleList(
            conv(widths[level], widths[level + 1], 3, padding=1) for level in range(levels)
        )
        self.coarsest = conv(coarse, coarse, 3, padding=1)
        self.widen = nn.ModuleList(
            conv(widths[level + 1], widths[level], 1) if widths[level] != widths[level + 1]
            else nn.Identity()
            for level in range(levels)
        )  # fmt: skip
        self.up = nn.ModuleList(
            conv(widths[level], widths[level], 3, padding=1) for level in range(levels)
        )
        self.last = conv(fine, 1, 3, padding=1)

    def forward(self, divergence: Tensor, geometry: Geometry) -> Tensor:
        """Return the pressure of each cell."""
        if geometry.axes != self.axes:
            raise expected("geometry", f"{self.axes} axes", geometry.axes)
        if divergence.shape != geometry.solid.shape:
            raise expected(
                "divergence", f"shape {tuple(geometry.solid.shape)}", tuple(divergence.shape)
            )
        shape = (-1,) + (1,) * self.axes
        size = (norm(divergence) / geometry.cells.sqrt()).view(shape)  # (B, 1, 1)
        scaled = divergence / size.clamp(min=torch.finfo(divergence.dtype).tiny)
        x = torch.stack([scaled, geometry.fluid], 1)  # (B, 2, *sizes)
        pressure = self.body(self.padded(x))[:, 0]
        inner = (slice(None), *(slice(0, n) for n in geometry.sizes))
        return size * centered(pressure[inner], geometry)

    def body(self, x: Tensor) -> Tensor:
        """Return the scaled pressure; sizes that `levels` halvings divide."""
        pool = F.avg_pool2d if self.axes == 2 else F.avg_pool3d
        mode = "bilinear" if self.axes == 2 else "trilinear"
        x = F.relu(self.first(x))
        kept = []
        for down in self.down:
            kept.append(x)
            x = F.relu(down(pool(x, 2)))
        x = F.relu(self.coarsest(x))
        for level in reversed(range(self.levels)):
            x = F.interpolate(self.widen[level](x), scale_factor=2, mode=mode, align_corners=False)
            x = F.relu(self.up[level](kept[level] + x))
        return self.last(x)

    def padded(self, x: Tensor) -> Tensor:
        """Add solid cells until every size can be halved `levels` times."""
        unit = 2**self.levels
        more = [-size % unit for size in x.shape[2:]]
        if not any(more):
            return x
        return F.pad(x, [end for size in reversed(more) for end in (0, size)])


class LearnedSolver:
    """A network as a pressure solver: it is asked again for the divergence that it has left.

    Args:
        network: from divergence and geometry to pressure.
        passes: how often it is asked.

    Raises:
        ValueError: `passes` is no count.
    """

    def __init__(self, network: nn.Module, passes: int = 1) -> None:
        check_counts(passes=passes)
        self.network, self.passes = network, passes

    def __call__(self, divergence: Tensor, geometry: Geometry) -> Tensor:
        """Sum up the pressures of all passes, without gradients."""
        check_cells("divergence", divergence, geometry)
        with evaluating(self.network):
            pressure = self.network(divergence, geometry)
            for _ in range(self.passes - 1):
                rest = divergence + negative_laplacian(pressure, geometry)
                pressure = pressure + self.network(rest, geometry)
        return pressure
