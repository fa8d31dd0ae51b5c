"""Weight quantization, and what the survey says about it."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from cnnhistory.system import Finding, System, decided

if TYPE_CHECKING:
    from torch import Tensor

SYSTEM = System(
    id="quantization",
    name="Weight quantization",
    year=2016,
    era="compression",
    task="compression",
    paper="han2016deep",
    see_also=("gong2014compressing",),
    chapter="compression/deep_compression",
    object="compression.quantization.share_weights",
    digest="quantization",
)


def product_seconds(a: Tensor, b: Tensor, repeats: int = 7) -> float:
    """Return the median time of a matrix product, in seconds."""
    import torch

    torch.matmul(a, b)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        torch.matmul(a, b)
        times.append(time.perf_counter() - start)
    return median(times)


@decided(
    "quantization.c1",
    text="Arithmetic in fixed point is much faster than in floating point.",
    check="exp",
    verdict="opinion",
    truth="It depends on the machine and the program. Where there are instructions for it, "
    "eight-bit numbers are multiplied several times faster; whole numbers in a general loop "
    "are slower than floats in a tuned library.",
    source="gong2014compressing, Section 1",
)
def c1() -> Finding:
    import torch

    whole = torch.randint(-127, 128, (192, 192), dtype=torch.int32)
    slower = product_seconds(whole, whole) > product_seconds(whole.float(), whole.float())
    return Finding(
        "opinion" if slower else "correct",
        "192×192 products in torch: 32-bit whole numbers take "
        + ("longer" if slower else "less time")
        + " than 32-bit floats",
    )
