"""Local response normalization, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="lrn",
    name="Local response normalization",
    year=2012,
    era="normalization",
    task="normalization",
    paper="krizhevsky2012imagenet",
    see_also=("simonyan2015very",),
    chapter="toolbox/normalization",
    object="nn.norm.LocalResponseNorm",
    digest="lrn",
)


@decided(
    "lrn.c1",
    text="In deep networks it is of little or no use.",
    check="exp",
    verdict="correct",
    truth="As stated: VGG with 11 layers has a top-1 error of 29.7 % with it and of 29.6 % "
    "without. AlexNet gained 1.4 points by it on ImageNet; our small AlexNet on patches of "
    "photographs is better without.",
    source="simonyan2015very, Section 4.1, Table 3",
    quoted=("11 layers", "29.7 %", "29.6 %", "1.4 points"),
)
def c1() -> Finding:
    """Compare the recorded runs of a small AlexNet with and without, each from three seeds."""
    from statistics import fmean

    from cnnhistory import zoo
    from cnnhistory.metrics.seeds import t_test

    names = ("with", "without")
    errors = [
        [100 * error for error in zoo.record(f"alexnet_patches{part}").errors]
        for part in ("", "_no_lrn")
    ]
    lower = t_test(errors[0], errors[1], names=names).lower
    return Finding(
        "wrong" if lower == "with" else "correct",
        f"a test error of {fmean(errors[0]):.1f} % with it and of {fmean(errors[1]):.1f} % without",
        (*["is better without"] * (lower == "without"),),
    )
