"""MobileNet v2, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, in_words
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="mobilenet_v2",
    name="MobileNet v2",
    year=2018,
    era="mobile",
    task="classification",
    paper="sandler2018mobilenetv2",
    figures=(
        # Counted: 3.5 million, as the authors' release has.
        Figure("parameters", 3_400_000, "parameters", 50_000, "Table 4", "mobilenet_v2"),
        Figure(
            "multiply-adds",
            300_000_000,
            "multiply-adds",
            1_000_000,
            "Table 4",
            "mobilenet_v2",
            checked=True,
        ),
        Figure("ImageNet top-1 error, one crop", 28.0, "%", 0.3, "Table 4", "mobilenet_v2"),
    ),
    deviations=(
        "numbers of maps are multiples of eight for every `width`, and the last convolution "
        "never has fewer than 1280 maps, as in the authors' release",
        "weights start as in he2015delving; the paper does not give their start",
        "`dropout` in front of the linear layer is the release's 0.2",
    ),
    models=("mobilenet_v2",),
    digest="mobilenet-v2",
)


@decided(
    "mobilenet_v2.c1",
    text="It adds residual connections, and a pointwise layer in front of the depthwise one.",
    check="count",
    verdict="correct",
    truth="As stated: 16 of 17 blocks begin with a pointwise layer, which gives six times as many "
    "maps; ten blocks add their input.",
    source="sandler2018mobilenetv2, Table 2, Figures 3 and 4",
)
def c1() -> Finding:
    """Look at the order of the convolutions of each block, and whether its input passes."""
    from cnnhistory.models.mobilenet_v2 import InvertedResidual
    from cnnhistory.registry import on_meta

    blocks = [m for m in on_meta("mobilenet_v2").modules() if isinstance(m, InvertedResidual)]
    expanding, times = 0, set()
    for block in blocks:
        first, second, *_ = convolutions(block)
        if first.kernel_size == (1, 1) and second.groups == second.in_channels > 1:
            expanding += 1
            times.add(first.out_channels // first.in_channels)
    adding = sum(block.adds for block in blocks)
    most = expanding >= len(blocks) - 1
    return Finding(
        "correct" if most and adding else "wrong",
        f"in {expanding} of {len(blocks)} blocks a pointwise layer is in front of the depthwise "
        f"one; {adding} add their input to the output",
        (
            f"{expanding} of {len(blocks)} blocks begin with a pointwise layer",
            f"{' or '.join(map(in_words, sorted(times)))} times as many maps",
            f"{in_words(adding)} blocks add their input",
        ),
    )


c2 = Statement(
    "mobilenet_v2.c2",
    text="It makes better use of the memory's bandwidth.",
    check="cite",
    verdict="imprecise",
    truth="The paper argues that little memory is needed at a time, since what lies between the "
    "blocks is narrow and the wide maps within can be made piece by piece. It measures the time on "
    "a phone, not the bandwidth.",
    source="sandler2018mobilenetv2, Section 5",
)
