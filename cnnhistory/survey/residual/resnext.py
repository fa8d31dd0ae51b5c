"""ResNeXt, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import millions, parameters
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="resnext",
    name="ResNeXt",
    year=2016,
    era="residual",
    task="classification",
    paper="xie2017aggregated",
    figures=(
        *(
            Figure("parameters", value, "parameters", tolerance, where, model, checked=True)
            for model, value, tolerance, where in (
                ("resnext50_32x4d", 25_000_000, 50_000, "Table 1"),
                ("resnext29_8x64d", 34_400_000, 50_000, "Table 7"),
                ("resnext29_16x64d", 68_100_000, 100_000, "Table 7"),
            )
        ),
        Figure(
            "multiply-adds",
            4_200_000_000,
            "multiply-adds",
            50_000_000,
            "Table 1",
            "resnext50_32x4d",
            checked=True,
        ),
        *(
            Figure("ImageNet top-1 error, one crop", value, "%", 0.3, "Table 3", model)
            for model, value in (("resnext50_32x4d", 22.2), ("resnext101_32x4d", 21.2))
        ),
        *(
            Figure("CIFAR-10 test error", value, "%", 0.3, "Section 5.3", model)
            for model, value in (("resnext29_8x64d", 3.65), ("resnext29_16x64d", 3.58))
        ),
    ),
    deviations=(
        "the first 1x1 convolution of a block has no stride, the grouped one takes it, as in the "
        "authors' release",
        "`resnext101_32x8d` is torchvision's; the paper has 32x4d and 64x4d",
    ),
    models=(
        "resnext50_32x4d",
        "resnext101_32x4d",
        "resnext101_32x8d",
        "resnext101_64x4d",
        "resnext29_8x64d",
        "resnext29_16x64d",
    ),
    chapter="residual/resnext",
    digest="resnext",
)


@decided(
    "resnext.c1",
    text="It is more accurate than ResNet without more parameters.",
    check="count",
    verdict="correct",
    truth="As stated: 25.0 million against 25.6 million with 50 layers, for a top-1 error of "
    "22.2 % against 23.9 %.",
    source="xie2017aggregated, Tables 1 and 3",
    quoted=("22.2 % against 23.9 %",),
)
def c1() -> Finding:
    ours, resnet = parameters("resnext50_32x4d"), parameters("resnet50")
    return Finding(
        "correct" if ours <= resnet else "wrong",
        f"{ours:,} parameters, ResNet-50 has {resnet:,}",
        (f"{millions(ours)} against {millions(resnet)} with 50 layers",),
    )


c2 = Statement(
    "resnext.c2",
    text="With more paths it is more accurate at the same cost.",
    check="cite",
    verdict="correct",
    truth="As stated, on ImageNet: with 50 layers the top-1 error falls from 23.9 % with one path "
    "to 22.6 % with four and 22.2 % with 32.",
    source="xie2017aggregated, Table 3",
)


c3 = Statement(
    "resnext.c3",
    text="More cardinality gains more than more width or more depth.",
    check="cite",
    verdict="correct",
    truth="As stated, for twice the computing of ResNet-101: a top-1 error of 21.7 % with 200 "
    "layers, 21.3 % with wider ones, and 20.4 % with 64 paths.",
    source="xie2017aggregated, Table 4",
)
