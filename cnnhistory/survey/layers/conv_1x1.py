"""1x1 convolution, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import convolutions, in_words
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="conv_1x1",
    name="1x1 convolution",
    year=2013,
    era="layers",
    task="layer",
    paper="lin2014network",
    object="nn.unit.conv_norm",
    chapter="toolbox/convolution",
    digest="conv-1x1",
)


@decided(
    "conv_1x1.c1",
    text="Convolutions of 1×1 are what lets a network take images of any size.",
    check="exp",
    verdict="imprecise",
    truth="A network of 3×3 convolutions and global average pooling takes any size without them, "
    "and one with them and a dense layer behind does not. They are what dense layers behind the "
    "first one become: two of the three of VGG-16.",
    source="simonyan2015very, Section 3.2",
)
def c1() -> Finding:
    """Run small networks on images of several sizes, and rewrite the dense layers of VGG-16."""
    import torch
    from torch import nn

    from cnnhistory.nn import dense as rewriting
    from cnnhistory.registry import on_meta

    def sizes(network: nn.Module) -> list[int]:
        taken = []
        for side in (8, 11, 16):
            try:
                network(torch.zeros(1, 1, side, side))
            except RuntimeError:
                continue
            taken.append(side)
        return taken

    end = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    without = sizes(nn.Sequential(nn.Conv2d(1, 4, 3), *end))
    with_dense = sizes(nn.Sequential(nn.Conv2d(1, 4, 1), nn.Flatten(), nn.Linear(4 * 64, 2)))
    classifier = on_meta("vgg16").classifier
    assert isinstance(classifier, nn.Sequential)
    rewritten = convolutions(rewriting.as_convolutions(classifier, 512, 7))
    ones = [layer for layer in rewritten if layer.kernel_size == (1, 1)]
    needed = len(without) < 3
    verdict = "wrong" if not ones else "correct" if needed else "imprecise"
    return Finding(
        verdict,
        f"without 1×1: sides {without} of [8, 11, 16]; 1×1 and a dense layer: {with_dense}; of "
        f"{len(rewritten)} rewritten layers {len(ones)} are 1×1",
        (
            *["A network of 3×3 convolutions and global average pooling takes any size without"]
            * (not needed),
            *["one with them and a dense layer behind does not"] * (len(with_dense) < 3),
            f"{in_words(len(ones))} of the {in_words(len(rewritten))} of VGG-16",
            "become",
        ),
    )


@decided(
    "conv_1x1.c2",
    text="A 1×1 convolution reduces the number of channels.",
    check="count",
    verdict="correct",
    truth="As stated, or raises it: of the two in a block of ResNet-50 one leads from 256 maps to "
    "64, the other from 64 to 256.",
    source="he2016deep, Figure 5",
)
def c2() -> Finding:
    from cnnhistory.registry import on_meta

    block = on_meta("resnet50").get_submodule("blocks.conv2_2")
    pairs = [
        (layer.in_channels, layer.out_channels)
        for layer in convolutions(block)
        if layer.kernel_size == (1, 1)
    ]
    fewer = [pair for pair in pairs if pair[1] < pair[0]]
    words = "; ".join(f"{inside} maps to {outside}" for inside, outside in pairs)
    (a, b), (c, d) = pairs[0], pairs[-1]
    return Finding(
        "correct" if fewer else "wrong",
        f"1×1 convolutions of a block of ResNet-50: {words}",
        (
            f"of the {in_words(len(pairs))} in a block of ResNet-50",
            f"one leads from {a} maps to {b}, the other from {c} to {d}",
        ),
    )
