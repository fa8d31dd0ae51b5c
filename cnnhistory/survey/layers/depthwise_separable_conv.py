"""Depthwise separable convolution, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="depthwise_separable_conv",
    name="Depthwise separable convolution",
    year=2013,
    era="layers",
    task="layer",
    paper="sifre2014rigid",
    see_also=("chollet2017xception", "howard2017mobilenets"),
    object="models.xception.SeparableConv",
    chapter="residual/mobilenet",
    digest="depthwise-separable-conv",
)


@decided(
    "depthwise_separable_conv.c1",
    text="Filtering each channel and then mixing them by 1×1 needs fewer weights and operations.",
    check="count",
    verdict="correct",
    truth="As stated: 1/N + 1/9 of those of a full 3×3 convolution to N maps, for 128 maps 0.119, "
    "for 512 maps 0.113.",
    source="howard2017mobilenets, Section 3.1",
)
def c1() -> Finding:
    from torch import nn

    from cnnhistory.accounting import count_multiply_adds, count_parameters
    from cnnhistory.models.xception import SeparableConv

    shares, same = {}, True
    for maps in (8, 128, 512):
        ours = SeparableConv(64, maps).to("meta")
        full = nn.Conv2d(64, maps, 3, padding=1, bias=False, device="meta")
        weights = count_parameters(ours) / count_parameters(full)
        work = count_multiply_adds(ours, (64, 14, 14)) / count_multiply_adds(full, (64, 14, 14))
        shares[maps] = max(weights, work)
        same &= abs(weights - (1 / maps + 1 / 9)) < 1e-12 and abs(work - weights) < 1e-12
    return Finding(
        "correct" if max(shares.values()) < 1 else "wrong",
        "share of weights and multiply-adds: "
        + ", ".join(f"{share:.3f} for {maps} maps" for maps, share in shares.items()),
        (
            *["1/N + 1/9 of those of a full 3×3 convolution"] * same,
            *(f"{maps} maps {shares[maps]:.3f}" for maps in (128, 512)),
        ),
    )
