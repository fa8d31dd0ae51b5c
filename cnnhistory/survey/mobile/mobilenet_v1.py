"""MobileNet v1, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import in_words, multiply_adds, right_or_wrong
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="mobilenet_v1",
    name="MobileNet v1",
    year=2017,
    era="mobile",
    task="classification",
    paper="howard2017mobilenets",
    figures=(
        *(
            Figure("parameters", value, "parameters", 50_000, "Table 4", model, checked=True)
            for model, value in (("mobilenet_v1", 4_200_000), ("mobilenet_v1_full", 29_300_000))
        ),
        *(
            Figure(
                "multiply-adds", value, "multiply-adds", 2_000_000, "Table 4", model, checked=True
            )
            for model, value in (
                ("mobilenet_v1", 569_000_000),
                ("mobilenet_v1_full", 4_866_000_000),
            )
        ),
        Figure("ImageNet top-1 error, one crop", 29.4, "%", 0.3, "Table 4", "mobilenet_v1"),
        Figure("ImageNet top-1 error, one crop", 28.3, "%", 0.3, "Table 4", "mobilenet_v1_full"),
    ),
    deviations=(
        "weights start as in he2015delving; the paper does not give their start",
        "`dropout` in front of the linear layer is that of the authors' release, and 0 by default",
    ),
    models=(
        "mobilenet_v1",
        "mobilenet_v1_full",
    ),
    chapter="residual/mobilenet",
    digest="mobilenet-v1",
)


@decided(
    "mobilenet_v1.c1",
    text="For three input channels the depthwise step needs three 3×3 kernels where a full "
    "convolution to three maps has nine.",
    check="count",
    verdict="correct",
    truth="As stated. The pointwise step adds a 3×3 matrix: 36 weights against 81.",
    source="howard2017mobilenets, Section 3.1",
)
def c1() -> Finding:
    from torch import nn

    from cnnhistory.models.mobilenet_v1 import SeparableBlock

    depthwise, pointwise = (
        layer for layer in SeparableBlock(3, 3).modules() if isinstance(layer, nn.Conv2d)
    )
    full = nn.Conv2d(3, 3, 3, bias=False)
    one = full.weight[0, 0].numel()
    kernels = depthwise.weight.numel() // one, full.weight.numel() // one
    weights = depthwise.weight.numel() + pointwise.weight.numel()
    matrix = f"{pointwise.out_channels}×{pointwise.in_channels}"
    return Finding(
        right_or_wrong(kernels == (3, 9)),
        f"{in_words(kernels[0])} kernels and {in_words(kernels[1])}; with the pointwise step "
        f"{weights} weights, a full convolution has {full.weight.numel()}",
        (f"a {matrix} matrix", f"{weights} weights against {full.weight.numel()}"),
    )


@decided(
    "mobilenet_v1.c2",
    text="Separable convolutions save much computing for a small loss of accuracy.",
    check="count",
    verdict="correct",
    truth="As stated: 8.6 times fewer multiply-adds than the same network of full convolutions, "
    "whose top-1 accuracy is 1.1 points higher.",
    source="howard2017mobilenets, Table 4",
    quoted=("1.1 points higher",),
)
def c2() -> Finding:
    full, separable = multiply_adds("mobilenet_v1_full"), multiply_adds("mobilenet_v1")
    ratio = full / separable
    return Finding(
        right_or_wrong(ratio > 5),
        f"multiply-adds: {full:,} / {separable:,} = {ratio:.1f}",
        (f"{ratio:.1f} times fewer multiply-adds",),
    )
