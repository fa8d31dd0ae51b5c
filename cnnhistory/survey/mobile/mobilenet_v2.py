"""MobileNet v2, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, in_words
from cnnhistory.system import Finding, System, decided

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
    chapter="residual/mobilenet",
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


@decided(
    "mobilenet_v2.c2",
    text="It makes better use of the memory's bandwidth.",
    check="count",
    verdict="imprecise",
    truth="Less has to be kept at a time: between blocks at most 0.20 million values, in MobileNet "
    "v1 0.80 million. But all convolutions together write 1.3 times as many values as those of v1, "
    "in half as many multiply-adds. The paper speaks of the memory needed at a time; it measures "
    "the time on a phone, not the bandwidth.",
    source="sandler2018mobilenetv2, Section 5, Table 3",
    quoted=("measures the time on a phone, not the bandwidth",),
)
def c2() -> Finding:
    """Count the values between blocks, and those that all convolutions write."""
    from math import prod

    from cnnhistory.accounting import summarize
    from cnnhistory.registry import on_meta

    kept, written, work = [], [], []
    for name in ("mobilenet_v1", "mobilenet_v2"):
        table = summarize(on_meta(name), (3, 224, 224))
        blocks = [row for row in table.view(depth=2) if row.name.startswith("blocks.")]
        kept.append(max(prod(row.output_shape or ()) for row in blocks) / 1e6)
        layers = [row for row in table if row.type == "Conv2d"]
        written.append(sum(prod(row.output_shape or ()) for row in layers))
        work.append(table.total.multiply_adds)
    one, two = kept
    more, share = written[1] / written[0], work[1] / work[0]
    return Finding(
        "wrong" if two >= one else "imprecise" if more > 1 else "correct",
        f"largest tensor between blocks: {two:.2f} million values, v1 {one:.2f} million; all "
        f"convolutions write {more:.2f} times as many values with {share:.2f} times the "
        "multiply-adds",
        (
            f"at most {two:.2f} million values, in MobileNet v1 {one:.2f} million",
            f"write {more:.1f} times as many values as those of v1",
            *["in half as many multiply-adds"] * (0.45 < share < 0.55),
        ),
    )
