"""Convolution factorization, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import convolutions
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="conv_factorization",
    name="Convolution factorization",
    year=2015,
    era="layers",
    task="layer",
    paper="szegedy2016rethinking",
    chapter="inception/inception_v3",
    object="nn.unit.factored",
    digest="conv-factorization",
)


@decided(
    "conv_factorization.c1",
    text="A convolution can be split in space, which makes it cheaper.",
    check="count",
    verdict="correct",
    truth="As stated: a row and a column of n have 2n weights for a pair of maps where n×n has n². "
    "Not every n×n convolution is such a product.",
    source="szegedy2016rethinking, Section 3.2",
)
def c1() -> Finding:
    """Count the weights for several n, and the rank of what the two are together."""
    import torch
    from torch.nn import functional as F

    from cnnhistory.nn.unit import factored

    counted, ranks = {}, set()
    for n in (3, 5, 7):
        row, column = (layer.weight.detach() for layer in convolutions(factored(1, 1, 1, n)))
        counted[n] = row.numel() + column.numel()
        # The response to a single pixel is the kernel of both in a row, mirrored.
        pixel = F.pad(torch.ones(1, 1, 1, 1), [2 * (n - 1)] * 4)
        kernel = F.conv2d(F.conv2d(pixel, row), column)
        ranks.add(int(torch.linalg.matrix_rank(kernel[0, 0], rtol=1e-4)))
    two_n = all(count == 2 * n for n, count in counted.items())
    return Finding(
        "correct" if all(count < n * n for n, count in counted.items()) else "wrong",
        ", ".join(f"{count} weights for {n * n}" for n, count in counted.items())
        + f"; together a kernel of rank {' or '.join(map(str, sorted(ranks)))}",
        (
            *["2n weights for a pair of maps"] * two_n,
            *["Not every n×n convolution is such a product"] * (ranks == {1}),
        ),
    )
