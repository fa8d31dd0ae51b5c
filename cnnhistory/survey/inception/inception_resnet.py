"""Inception-ResNet, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.system import Statement, System

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
    ),
    models=(
        "inception_resnet_v1",
        "inception_resnet_v2",
    ),
    digest="inception-resnet",
)


c1 = Statement(
    "inception_resnet.c1",
    text="Its two versions are Inception-v3 and Inception-v4 with residual connections.",
    check="cite",
    verdict="imprecise",
    truth="They cost about as much as these, v1 as Inception-v3 and v2 as Inception-v4. Their "
    "blocks are new and cheaper ones, with a convolution that brings the maps to the number of the "
    "input's.",
    source="szegedy2017inception, Section 3.2",
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


c3 = Statement(
    "inception_resnet.c3",
    text="Its training is more stable.",
    check="cite",
    verdict="wrong",
    truth="It is faster. With more than about 1,000 maps it was unstable: networks put out only "
    "zeros after some ten thousand steps, until the residuals were scaled down.",
    source="szegedy2017inception, Sections 3.3 and 4",
)
