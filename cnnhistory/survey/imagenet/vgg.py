"""VGG, and what the survey says about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, dense, in_words, right_or_wrong
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from torch import nn

    from cnnhistory.models.vgg import VGG

SYSTEM = System(
    id="vgg",
    name="VGG",
    year=2014,
    era="imagenet",
    task="classification",
    paper="simonyan2015very",
    figures=(
        Figure(
            "parameters, configuration A",
            133_000_000,
            "parameters",
            tolerance=500_000,
            where="Table 2",
            model="vgg11",
            checked=True,
        ),
        Figure(
            "parameters, configuration B",
            133_000_000,
            "parameters",
            tolerance=500_000,
            where="Table 2",
            model="vgg13",
            checked=True,
        ),
        Figure(
            "parameters, configuration D",
            138_000_000,
            "parameters",
            tolerance=500_000,
            where="Table 2",
            model="vgg16",
            checked=True,
        ),
        Figure(
            "parameters, configuration E",
            144_000_000,
            "parameters",
            tolerance=500_000,
            where="Table 2",
            model="vgg19",
            checked=True,
        ),
        Figure(
            "ILSVRC-2012 top-5 validation error, one scale",
            8.1,
            "%",
            tolerance=0.2,
            where="Table 3",
            model="vgg16",
        ),
        Figure(
            "ILSVRC-2012 top-5 validation error, several scales and crops",
            7.1,
            "%",
            tolerance=0.2,
            where="Table 5",
            model="vgg19",
        ),
        Figure(
            "ILSVRC-2014 top-5 test error, seven networks", 7.3, "%", tolerance=0.2, where="Table 7"
        ),
    ),
    deviations=(
        "every depth starts from the random weights of Glorot and Bengio, which the paper "
        "found to work after its submission",
        "one image size for a network; the paper also slides it over larger images",
        "the `_bn` forms are torchvision's: the paper has no batch normalization",
    ),
    models=("vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"),
    chapter="imagenet/vgg",
    digest="vgg",
)


def _configurations() -> dict[str, VGG]:
    import torch

    from cnnhistory.models.vgg import CONFIGURATIONS, VGG

    with torch.device("meta"):
        return {name: VGG(name) for name in CONFIGURATIONS}


def _row(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _stack(depth: int) -> nn.Sequential:
    """Return the first convolutions of a stage of VGG-19, made for one map."""
    import torch
    from torch import nn

    from cnnhistory.models.vgg import CONFIGURATIONS

    stage = CONFIGURATIONS["E"][-1].split()[:depth]
    sides = [int(entry.partition("/")[2] or 3) for entry in stage]
    with torch.device("meta"):
        return nn.Sequential(*(nn.Conv2d(1, 1, side, bias=False) for side in sides))


c1 = Statement(
    "vgg.c1",
    text="It came second in classification and first in localization in ILSVRC 2014.",
    check="cite",
    verdict="correct",
    truth="As stated.",
    source="simonyan2015very, Abstract",
)


@decided(
    "vgg.c2",
    text="All convolutions have 3×3 kernels.",
    check="count",
    verdict="imprecise",
    truth="Five of the six configurations of the paper do; the sixth, C, has three layers of 1×1.",
    source="simonyan2015very, Table 1",
)
def c2() -> Finding:
    kernels = {
        name: [layer.kernel_size[0] for layer in convolutions(network)]
        for name, network in _configurations().items()
    }
    pure = [name for name, sides in kernels.items() if set(sides) == {3}]
    others = [
        f"{name}: {' and '.join(f'{side}×{side}' for side in sorted(set(sides)))}"
        for name, sides in kernels.items()
        if name not in pure
    ]
    verdict = "wrong" if not pure else "imprecise" if others else "correct"
    ones = {name: sides.count(1) for name, sides in kernels.items() if 1 in sides}
    return Finding(
        verdict,
        "; ".join([f"3×3 alone: {', '.join(pure) or 'none'}", *others]),
        (
            f"{in_words(len(pure)).capitalize()} of the {in_words(len(kernels))} configurations",
            *(f"{name}, has {in_words(count)} layers of 1×1" for name, count in ones.items()),
        ),
    )


@decided(
    "vgg.c3",
    text="The fully connected layers have 4096, 4096 and 1000 units.",
    check="count",
    verdict="correct",
    truth="As stated, in every configuration.",
    source="simonyan2015very, Table 1",
)
def c3() -> Finding:
    from cnnhistory.models.vgg import CONFIGURATIONS

    units = {
        tuple(layer.out_features for layer in dense(network))
        for network in _configurations().values()
    }
    return Finding(
        right_or_wrong(units == {(4096, 4096, 1000)}),
        f"{len(CONFIGURATIONS)} configurations: " + "; ".join(_row(row) for row in sorted(units)),
    )


@decided(
    "vgg.c4",
    text="Two 3×3 convolutions see as much as one of 5×5.",
    check="rf",
    verdict="correct",
    truth="As stated; three see as much as one of 7×7.",
    source="simonyan2015very, Section 2.3",
)
def c4() -> Finding:
    from cnnhistory.accounting import receptive_field

    fields = {depth: receptive_field(_stack(depth), (1, 32, 32)) for depth in (2, 3)}
    return Finding(
        right_or_wrong(fields[2] == 5),
        ", ".join(f"{depth} layers of 3×3 see {side}×{side}" for depth, side in fields.items()),
        (f"three see as much as one of {fields[3]}×{fields[3]}",),
    )


@decided(
    "vgg.c5",
    text="Two 3×3 kernels have 18 weights, one of 5×5 has 25.",
    check="count",
    verdict="correct",
    truth="As stated, for each pair of an input and an output map: 28 % less.",
    source="simonyan2015very, Section 2.3",
)
def c5() -> Finding:
    from torch import nn

    from cnnhistory.accounting import count_parameters

    two = count_parameters(_stack(2))
    one = count_parameters(nn.Conv2d(1, 1, 5, bias=False))
    return Finding(
        right_or_wrong((two, one) == (18, 25)),
        f"{two} and {one} weights for one map in and out, {100 * (1 - two / one):.0f} % less",
        (f"{100 * (1 - two / one):.0f} % less",),
    )


c6 = Statement(
    "vgg.c6",
    text="Local response normalization does not help in deep networks.",
    check="cite",
    verdict="correct",
    truth="As stated: 29.7 % top-1 error with it (A-LRN), 29.6 % without (A).",
    source="simonyan2015very, Section 4.1, Table 3",
)


@decided(
    "vgg.c7",
    text="The convolutions have one pixel of padding, which keeps the size of the maps.",
    check="count",
    verdict="correct",
    truth="As stated.",
    source="simonyan2015very, Section 2.1",
)
def c7() -> Finding:
    import torch
    from torch import nn

    from cnnhistory.registry import on_meta

    kept, padding = [], set()
    x = torch.empty(1, 3, 224, 224, device="meta")
    for layer in cast(nn.Sequential, on_meta("vgg16").get_submodule("features")):
        before = x.shape[2:]
        x = layer(x)
        if isinstance(layer, nn.Conv2d):
            kept.append(x.shape[2:] == before)
            padding.add(layer.padding[0])
    return Finding(
        right_or_wrong(all(kept) and padding == {1}),
        f"{sum(kept)} of {len(kept)} convolutions of VGG-16 keep the size; their padding is "
        f"{' or '.join(map(str, sorted(padding)))}",
    )
