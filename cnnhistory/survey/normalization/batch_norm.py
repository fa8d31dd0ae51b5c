"""Batch normalization."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="batch_norm",
    name="Batch normalization",
    year=2015,
    era="normalization",
    task="normalization",
    paper="ioffe2015batch",
    see_also=("santurkar2018how",),
    figures=tuple(
        Figure("steps to 72.2 % top-1 accuracy on ImageNet", value, "steps", 100_000, where)
        for value, where in (
            (31_000_000, "Figure 3, without"),
            (13_300_000, "Figure 3, with, at the same learning rate"),
            (2_100_000, "Figure 3, with, at five times the learning rate"),
            (2_700_000, "Figure 3, with, at thirty times the learning rate"),
        )
    ),
    object="nn.norm.BatchNorm2d",
    chapter="inception/batch_norm",
    digest="batch-norm",
)


@decided(
    "batch_norm.c1",
    text="It makes training faster and allows larger learning rates.",
    check="exp",
    verdict="correct",
    truth="As stated. In the paper Inception needs 31 million steps for a top-1 accuracy of "
    "72.2 %; with batch normalization and five times the rate 2.1 million are enough.",
    source="ioffe2015batch, Section 4.2.2, Figure 3",
    quoted=("31 million", "72.2 %", "five times", "2.1 million"),
)
def c1() -> Finding:
    """Train the small network for 100 steps with and without, at three rates, from three seeds."""
    from statistics import fmean

    from cnnhistory.metrics.seeds import t_test
    from cnnhistory.survey import _batch_norm

    rates, best, worst = (0.1, 0.5, 2.0), {}, {}
    for name, batch_norm in (("with", True), ("without", False)):
        errors = [
            [
                100
                * _batch_norm.error(
                    _batch_norm.learned(
                        100, rate, seed=seed, batch_norm=batch_norm, activation="relu"
                    )
                )
                for seed in range(3)
            ]
            for rate in rates
        ]
        best[name], worst[name] = min(errors, key=fmean), fmean(errors[-1])
    faster = t_test(best["with"], best["without"], names=("with", "without")).lower == "with"
    larger = worst["with"] < 50 <= worst["without"]
    return Finding(
        "correct" if faster and larger else "imprecise" if faster or larger else "wrong",
        f"after 100 steps, at the best of three rates, {fmean(best['with']):.1f} % of the digits "
        f"are wrong with it and {fmean(best['without']):.1f} % without; at the largest rate, "
        f"{rates[-1]:g}, {worst['with']:.0f} % and {worst['without']:.0f} %",
    )


@decided(
    "batch_norm.c2",
    text="It removes internal covariate shift: the inputs of a layer no longer drift while the "
    "layers before it learn.",
    check="exp",
    verdict="imprecise",
    truth="It holds their means and variances nearly still. But a step of the layers before still "
    "turns the gradient of a layer, which is what the drift was feared for, and whether the drift "
    "matters is disputed.",
    source="santurkar2018how, Sections 2.1 and 2.2",
)
def c2() -> Finding:
    """Measure in each step how far it moves the inputs, and how far it turns the gradients."""
    from statistics import fmean

    from torch import nn
    from torch.nn import functional as F

    from cnnhistory.survey import _batch_norm
    from cnnhistory.visualize.descent import gradient_shift

    rate, layers = 2.0, ["hidden.1.fc", "hidden.2.fc", "output"]
    data = _batch_norm.digits()
    drift, cosines = {}, []
    for name, batch_norm in (("with", True), ("without", False)):
        shifts: list[float] = []
        for steps in (25, 50, 100) if batch_norm else (100,):
            network: nn.Module = _batch_norm.learned(
                steps, rate, shifts=shifts, batch_norm=batch_norm
            ).train()
            if batch_norm:
                batch = data.images[: _batch_norm.BATCH], data.labels[: _batch_norm.BATCH]
                found = gradient_shift(network, *batch, layers, rate, F.cross_entropy)
                cosines.append(fmean(found.values()))
        drift[name] = fmean(shifts)
    still, turned = drift["with"] < 0.1 * drift["without"], fmean(cosines) < 0.95
    return Finding(
        "wrong" if not still else "imprecise" if turned else "correct",
        f"a step moves the mean of an input by {drift['with']:.3f} of its standard deviation with "
        f"it and by {drift['without']:.2f} without; a step of the layers before turns a gradient "
        f"by an angle with a cosine of {fmean(cosines):.2f} with it",
    )
