"""Weight quantization, and what the survey says about it."""

from __future__ import annotations

import time
from collections.abc import Callable
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
    chapter="compression/quantization",
    object="compression.quantization.share_weights",
    digest="quantization",
)


# A program is called much faster from here on.
MUCH = 2.0


def product_seconds(a: Tensor, b: Tensor, repeats: int = 7) -> float:
    """Return the median time of a matrix product, in seconds."""
    import torch

    return _seconds(lambda: torch.matmul(a, b), repeats)


def sum_seconds(a: Tensor, b: Tensor, repeats: int = 7) -> float:
    """Return the median time of a sum, number by number, in seconds."""
    import torch

    total = torch.empty_like(a)
    return _seconds(lambda: torch.add(a, b, out=total), repeats)


def _seconds(program: Callable[[], object], repeats: int) -> float:
    program()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        program()
        times.append(time.perf_counter() - start)
    return median(times)


@decided(
    "quantization.c1",
    text="Arithmetic in fixed point is much faster than in floating point.",
    check="exp",
    verdict="opinion",
    truth="It depends on the machine and the program. Where there are instructions for many at "
    "once, eight-bit numbers are added more than twice as fast; whole numbers in a general loop "
    "are slower than floats in a tuned library.",
    source="gong2014compressing, Section 1",
)
def c1() -> Finding:
    """Time two programs of torch: one that the processor has instructions for, one without."""
    import torch

    eight = torch.randint(-60, 61, (2**22,), dtype=torch.int8)
    wide = torch.randint(-127, 128, (192, 192), dtype=torch.int32)
    faster = {
        name: seconds(whole.float(), whole.float()) / seconds(whole, whole)
        for name, seconds, whole in (
            ("sums of eight-bit numbers", sum_seconds, eight),
            ("192×192 products of 32-bit whole numbers", product_seconds, wide),
        )
    }
    much = [name for name, times in faster.items() if times >= MUCH]
    words = {
        name: "at least twice as fast as"
        if times >= MUCH
        else "slower than"
        if times < 1
        else "less than twice as fast as"
        for name, times in faster.items()
    }
    return Finding(
        "correct" if len(much) == len(faster) else "opinion" if much else "wrong",
        "in torch "
        + "; ".join(f"{name} are {how} those of 32-bit floats" for name, how in words.items()),
        ("eight-bit numbers are added more than twice as fast",) if much else (),
    )
