"""ResNeXt-101 32x48d, weakly supervised, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import convolutions, parameters
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="wsl_resnext",
    name="ResNeXt-101 32x48d, weakly supervised",
    year=2018,
    era="residual",
    task="classification",
    paper="mahajan2018exploring",
    figures=(
        Figure(
            "parameters",
            829_000_000,
            "parameters",
            1_000_000,
            "Section 2",
            "resnext101_32x48d",
            checked=True,
        ),
        Figure(
            "multiply-adds",
            153_000_000_000,
            "multiply-adds",
            500_000_000,
            "Section 2",
            "resnext101_32x48d",
            checked=True,
        ),
        Figure(
            "ImageNet top-1 accuracy, one crop", 85.4, "%", 0.3, "Abstract", "resnext101_32x48d"
        ),
        Figure(
            "ImageNet top-5 accuracy, one crop", 97.6, "%", 0.3, "Section 3", "resnext101_32x48d"
        ),
    ),
    deviations=(
        "the network alone: neither the images with hashtags nor the weights trained on them",
    ),
    models=("resnext101_32x48d",),
    module="models.resnext",
    chapter="residual/resnext",
    digest="wsl-resnext",
)


c1 = Statement(
    "wsl_resnext.c1",
    text="It reached 85.4 % on ImageNet with 3.5 billion images and 17,000 hashtags.",
    check="cite",
    verdict="imprecise",
    truth="That is the largest set of the study. The network with 85.4 % was trained on 940 "
    "million of the images, with the 1,500 hashtags that match classes of ImageNet, and "
    "fine-tuned on ImageNet.",
    source="mahajan2018exploring, Section 3",
)


@decided(
    "wsl_resnext.c2",
    text="The network is ResNeXt-101 32x48d.",
    check="count",
    verdict="correct",
    truth="As stated: 101 layers, 32 paths of 48 maps in the first stage, 828 million parameters.",
    source="mahajan2018exploring, Section 2",
)
def c2() -> Finding:
    """Count what the name says: layers, paths, maps of one path."""
    from torch import nn

    from cnnhistory.models.resnet import ResNet
    from cnnhistory.nn.residual import Bottleneck
    from cnnhistory.registry import on_meta

    net = on_meta("resnext101_32x48d")
    assert isinstance(net, ResNet)
    layers = (
        1
        + sum(
            isinstance(m, nn.Conv2d | nn.Linear)
            for name, m in net.named_modules()
            if ".shortcut." not in name and name.startswith("blocks.")
        )
        + 1
    )  # in front of the blocks and behind them
    blocks = [m for m in net.modules() if isinstance(m, Bottleneck)]
    paths = {block.conv2.groups for block in blocks}
    first = blocks[0].conv2.out_channels // blocks[0].conv2.groups
    grouped = [layer for layer in convolutions(net) if layer.groups > 1]
    count = parameters("resnext101_32x48d")
    holds = (layers, paths, first) == (101, {32}, 48) and len(grouped) == len(blocks)
    return Finding(
        "correct" if holds else "wrong",
        f"{layers} layers, {' or '.join(map(str, sorted(paths)))} paths of {first} maps in the "
        f"first stage, {count:,} parameters",
        (
            f"{layers} layers",
            f"{max(paths)} paths of {first} maps in the first stage",
            f"{count / 1e6:.0f} million parameters",
        ),
    )
