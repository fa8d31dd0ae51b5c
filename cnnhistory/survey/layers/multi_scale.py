"""Multi-scale feature merging, and what the survey says about it."""

from __future__ import annotations

from typing import cast

from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="multi_scale",
    name="Multi-scale feature merging",
    year=2014,
    era="layers",
    task="layer",
    paper="szegedy2015going",
    see_also=("liu2016ssd", "li2015convolutional", "huang2015densebox"),
    object="nn.joined.scales.LayerMerge",
    chapter="toolbox/connections",
    digest="multi-scale",
)


@decided(
    "multi_scale.c1",
    text="The receptive field grows with the depth of a layer.",
    check="rf",
    verdict="correct",
    truth="As stated: at the ends of the stages of VGG-16 it is 5, 14, 40, 92 and 196 pixels wide.",
    source="simonyan2015very, Section 2.3",
)
def c1() -> Finding:
    from itertools import pairwise

    from cnnhistory.accounting import summarize
    from cnnhistory.registry import model_card, on_meta

    shape = model_card("vgg16").input_shape
    rows = [
        row for row in summarize(on_meta("vgg16"), shape) if row.type in ("Conv2d", "MaxPool2d")
    ]
    fields = [cast(int, row.receptive_field) for row in rows]
    ends = [a for a, (_, b) in zip(fields, pairwise(rows), strict=False) if b.type == "MaxPool2d"]
    words = ", ".join(map(str, ends[:-1])) + f" and {ends[-1]}"
    return Finding(
        "correct" if all(a < b for a, b in pairwise(fields)) else "wrong",
        f"last convolution of each stage: {words} pixels",
        (f"at the ends of the stages of VGG-16 it is {words} pixels wide",),
    )


c2 = Statement(
    "multi_scale.c2",
    text="GoogLeNet, SSD, Cascade CNN and DenseBox merge what several layers have made.",
    check="cite",
    verdict="imprecise",
    truth="DenseBox does, and SSD predicts from several layers without merging them. GoogLeNet has "
    "windows of several sizes within one layer, Cascade CNN an image of several sizes before one "
    "network.",
    source="liu2016ssd, Section 2.1",
)
