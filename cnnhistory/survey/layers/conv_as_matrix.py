"""Convolution as a matrix product, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import in_words
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="conv_as_matrix",
    name="Convolution as a matrix product",
    year=2016,
    era="layers",
    task="layer",
    paper="dumoulin2016guide",
    object="nn.spatial.matrix.convolution_matrix",
    chapter="toolbox/convolution",
    digest="conv-as-matrix",
)


@decided(
    "conv_as_matrix.c1",
    text="A convolution is a multiplication of the image by a matrix.",
    check="algebra",
    verdict="correct",
    truth="As stated. For one kernel of 3×3 and an image of 28×28 the matrix has 676 rows and 784 "
    "columns; 6,084 entries are not 0, and they have nine values.",
    source="dumoulin2016guide, Section 4.1",
)
def c1() -> Finding:
    """Build the matrix, multiply, and compare with a direct convolution."""
    import torch
    from torch.nn import functional as F

    from cnnhistory.nn.spatial import matrix

    kernel = torch.arange(1.0, 10).view(1, 1, 3, 3)
    image = torch.arange(784.0).sin().view(1, 1, 28, 28)
    c = matrix.convolution_matrix(kernel, (28, 28))
    difference = (c @ image.flatten() - F.conv2d(image, kernel).flatten()).abs().max().item()
    entries = c.to_dense()
    filled, values = int((entries != 0).sum()), len(set(entries[entries != 0].tolist()))
    return Finding(
        "correct" if difference < 1e-4 else "wrong",
        f"{len(c)}×{c.shape[1]} entries, {filled:,} not 0; largest difference to the convolution "
        + ("below 0.0001" if difference < 1e-4 else f"{difference:.3g}"),
        (
            "one kernel of 3×3 and an image of 28×28",
            f"{len(c)} rows and {c.shape[1]} columns; {filled:,} entries are not 0",
            f"{in_words(values)} values",
        ),
    )
