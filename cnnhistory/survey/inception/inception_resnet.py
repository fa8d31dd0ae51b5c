"""Inception-ResNet, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import multiply_adds
from cnnhistory.survey._inception import has_pooling, zeros_after
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="inception_resnet",
    name="Inception-ResNet",
    year=2016,
    era="inception",
    task="classification",
    paper="szegedy2017inception",
    figures=tuple(
        Figure(f"ImageNet {top} error, {crops}", value, "%", 0.3, where, model)
        for model, top, crops, value, where in (
            ("inception_resnet_v1", "top-1", "one crop", 21.3, "Table 2"),
            ("inception_resnet_v1", "top-5", "one crop", 5.5, "Table 2"),
            ("inception_resnet_v2", "top-1", "one crop", 19.9, "Table 2"),
            ("inception_resnet_v2", "top-5", "one crop", 4.9, "Table 2"),
            ("inception_resnet_v1", "top-1", "144 crops", 18.8, "Table 4"),
            ("inception_resnet_v2", "top-1", "144 crops", 17.8, "Table 4"),
        )
    ),
    deviations=(
        "the 1x1 convolution of blocks b has as many maps as its input; the paper's 1154 in the "
        "second version would not fit",
        "`inception_resnet_v2` is the authors' release, with twice as many blocks as the paper's "
        "figures; `released=False` gives those",
        "residuals are scaled by the release's 0.17, 0.10 and 0.20; the paper says 0.1 to 0.3",
        "weights start as in he2015delving; the paper does not give their start",
        "`residual_inception` is a small network of ours of the same blocks, for the paper's "
        "experience with and without the scale",
    ),
    models=(
        "inception_resnet_v1",
        "inception_resnet_v2",
        "residual_inception",
    ),
    chapter="inception/inception_v4_resnet",
    digest="inception-resnet",
)


@decided(
    "inception_resnet.c1",
    text="Its two versions are Inception-v3 and Inception-v4 with residual connections.",
    check="count",
    verdict="imprecise",
    truth="They cost about as much as these, 1.09 and 0.76 times the multiply-adds. Their blocks "
    "are new: none has a pooling, and all end in a convolution that brings the maps to the number "
    "of the input's.",
    source="szegedy2017inception, Section 3.2",
)
def c1() -> Finding:
    """Compare the costs, those of the paper's figures, and what the blocks are made of."""
    from torch import nn

    from cnnhistory.nn.branches import ResidualInception
    from cnnhistory.registry import on_meta

    pairs: tuple[tuple[str, dict[str, object], str], ...] = (
        ("inception_resnet_v1", {}, "inception_v3"),
        ("inception_resnet_v2", {"released": False}, "inception_v4"),
    )
    ratios, pooled, blocks = [], [], list[ResidualInception]()
    for ours, settings, plain in pairs:
        ratios.append(multiply_adds(ours, **settings) / multiply_adds(plain))
        modules = on_meta(plain).get_submodule("inception").children()
        pooled.append(all(has_pooling(module) for module in modules))
        blocks += [
            m for m in on_meta(ours, **settings).modules() if isinstance(m, ResidualInception)
        ]
    expands = all(isinstance(block.expand, nn.Conv2d) for block in blocks)
    none_pools = not any(has_pooling(block) for block in blocks)
    near, new = all(0.7 < ratio < 1.3 for ratio in ratios), expands and none_pools and all(pooled)
    return Finding(
        "wrong" if not near else "imprecise" if new else "correct",
        " and ".join(f"{ratio:.3f}" for ratio in ratios) + " times the multiply-adds; all modules "
        f"of Inception-v3 and v4 have a pooling, of {len(blocks)} residual blocks none",
        (
            " and ".join(f"{ratio:.2f}" for ratio in ratios) + " times the multiply-adds",
            "none has a pooling",
        )
        if new
        else (),
    )


c2 = Statement(
    "inception_resnet.c2",
    text="It is more accurate.",
    check="cite",
    verdict="imprecise",
    truth="The second version is, by a tenth of a point: top-1 errors of 19.9 % and, for "
    "Inception-v4, 20.0 %. The first is not: 21.3 % and, for Inception-v3, 21.2 %.",
    source="szegedy2017inception, Table 2",
)


@decided(
    "inception_resnet.c3",
    text="Its training is more stable.",
    check="exp",
    verdict="wrong",
    truth="It is faster. With more than about 1,000 maps it was unstable: networks put out only "
    "zeros after some ten thousand steps, until the residuals were scaled down. A small one of "
    "1,024 maps comes near that within a hundred steps.",
    source="szegedy2017inception, Sections 3.3 and 4",
    quoted=("about 1,000 maps", "some ten thousand steps"),
)
def c3() -> Finding:
    """Train a small network with 1,024 maps without the scale and with 0.1."""
    without, scaled = (zeros_after(60, scale) for scale in (1.0, 0.1))
    dies = without > 0.9 and scaled < 0.5
    return Finding(
        "wrong" if dies else "unverified",
        "after 60 steps most values in front of the average are zero without the scale, and with "
        "it less than half"
        if dies
        else f"after 60 steps {100 * without:.0f} % are zero without the scale, {100 * scaled:.0f} "
        "% with it",
        ("of 1,024 maps",) if dies else (),
    )
