"""From white noise downhill: a picture is changed until its statistics are those of an example.

L. Gatys, A. Ecker, M. Bethge (2015), "Texture Synthesis Using Convolutional Neural Networks"
[gatys2015texture]. What was new: the statistics are correlations of a trained network's feature
maps, and the picture is found by descending their difference, with back-propagation to the pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import check_integer, expected


@dataclass(frozen=True)
class Synthesis:
    """A picture that was made, and the energy at each evaluation on the way.

    Shape: picture (3, H, W), values from 0 to 1.
    """

    picture: Tensor
    energies: list[float]


def white_noise(size: tuple[int, int], seed: int = 0) -> Tensor:
    """Return a picture of independent pixels, normal around gray and cut off.

    Shape: (3, H, W), values from 0 to 1.
    """
    height, width = size
    check_counts(height=height, width=width)
    generator = torch.Generator().manual_seed(seed)
    return (0.5 + 0.2 * torch.randn(3, height, width, generator=generator)).clamp(0, 1)


def synthesize(
    energy: Callable[[Tensor], Tensor],
    size: tuple[int, int],
    *,
    evaluations: int = 300,
    seed: int = 0,
    wrap: int = 0,
    start: Tensor | None = None,
) -> Synthesis:
    """Change a picture, at first white noise, so that its energy falls: L-BFGS.

    With `wrap` the energy sees the picture continued by so many pixels on all sides as if it were
    laid out like tiles: the result then fits to itself.

    Shape: `size` height and width, in pixels; `start` (3, height, width), default `white_noise`.

    Raises:
        ValueError: a number is out of range, `wrap` is above a side, `start` has another size, or
            the energy is not finite at the start.

    Source: gatys2015texture, Section 3.2.

    Deviations: at the end values are cut off at 0 and 1; the paper matches the histogram of colors.
    """
    height, width = size
    check_counts(height=height, width=width, evaluations=evaluations)
    check_integer("wrap", wrap, 0, min(height, width))
    begin = white_noise(size, seed) if start is None else start
    if begin.shape != (3, height, width):
        raise expected("start", f"(3, {height}, {width})", tuple(begin.shape))
    picture = begin[None].clone().contiguous().requires_grad_()
    energies: list[float] = []
    optimizer = torch.optim.LBFGS(
        [picture],
        max_iter=evaluations,
        max_eval=evaluations,
        history_size=20,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        seen = F.pad(picture, (wrap,) * 4, mode="circular") if wrap else picture
        value = energy(seen)
        if not energies and not value.isfinite():
            raise expected("energy", "a finite number at the start", value.item())
        value.backward()
        energies.append(value.item())
        return value

    optimizer.step(closure)
    return Synthesis(picture.detach()[0].clamp(0, 1), energies)
