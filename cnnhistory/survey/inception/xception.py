"""Xception, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import (
    billions,
    convolutions,
    fraction,
    millions,
    multiply_adds,
    parameters,
)
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="xception",
    name="Xception",
    year=2016,
    era="inception",
    task="classification",
    paper="chollet2017xception",
    figures=(
        Figure("parameters", 22_855_952, "parameters", 0, "Table 3", "xception", checked=True),
        Figure("ImageNet top-1 error, one crop", 21.0, "%", 0.3, "Table 1", "xception"),
        Figure("ImageNet top-5 error, one crop", 5.5, "%", 0.2, "Table 1", "xception"),
    ),
    deviations=(
        "weights start as in he2015delving; the paper does not give their start",
        "`xception_steps` is a small network of ours, for the steps of the paper's argument and "
        "its comparisons without shortcuts and with an activation in between",
    ),
    models=("xception", "xception_steps"),
    chapter="inception/xception",
    digest="xception",
)


@decided(
    "xception.c1",
    text="Depthwise separable convolutions take the place of those of Inception-v3, at about the "
    "same size.",
    check="count",
    verdict="correct",
    truth="As stated: 34 of 36 convolutions, without those of the shortcuts, are separable, and "
    "the network has 22.9 million parameters, Inception-v3 23.8 million.",
    source="chollet2017xception, Figure 5, Table 3",
)
def c1() -> Finding:
    from cnnhistory.models.xception import SeparableConv, Xception
    from cnnhistory.registry import on_meta

    net = on_meta("xception")
    assert isinstance(net, Xception)
    separable = sum(isinstance(m, SeparableConv) for m in net.modules())
    layers = separable + len(convolutions(net.stem))
    ours, inception = parameters("xception"), parameters("inception_v3")
    near = abs(ours / inception - 1) < 0.1
    return Finding(
        "correct" if near and separable > layers / 2 else "wrong",
        f"{separable} of {layers} convolutions are separable; {ours:,} parameters, Inception-v3 "
        f"has {inception:,}",
        (
            f"{separable} of {layers} convolutions",
            f"{millions(ours)} parameters, Inception-v3 {millions(inception)}",
        ),
    )


c2 = Statement(
    "xception.c2",
    text="It loses a little accuracy.",
    check="cite",
    verdict="wrong",
    truth="It is the more accurate one: 79.0 % top-1, Inception-v3 has 78.2 %.",
    source="chollet2017xception, Table 1",
)


@decided(
    "xception.c3",
    text="The computing falls strongly.",
    check="count",
    verdict="imprecise",
    truth="That of a layer does, to a ninth. The network spends what it saves on more maps: 8.4 "
    "billion multiply-adds, Inception-v3 has 5.7 billion.",
    source="chollet2017xception, Section 4",
)
def c3() -> Finding:
    """Compare the layers with full convolutions of the same maps, and the whole networks."""
    from cnnhistory.models.xception import SeparableConv
    from cnnhistory.registry import on_meta

    ours, inception = multiply_adds("xception"), multiply_adds("inception_v3")
    ratios = []
    for layer in on_meta("xception").modules():
        if isinstance(layer, SeparableConv):
            # At one size of the maps multiply-adds are as weights.
            depthwise, pointwise = (conv.weight.numel() for conv in convolutions(layer))
            ratios.append(9 * pointwise / (depthwise + pointwise))
    layers_save, network_saves = min(ratios) > 5, ours < 0.8 * inception
    middle = sorted(ratios)[len(ratios) // 2]
    return Finding(
        "correct" if layers_save and network_saves else "imprecise" if layers_save else "wrong",
        f"layers cost 1/{min(ratios):.1f} to 1/{max(ratios):.1f} of full convolutions; "
        f"multiply-adds of the network {ours:,}, of Inception-v3 {inception:,}",
        (
            f"to {fraction(middle)}",
            f"{billions(ours)} multiply-adds, Inception-v3 has {billions(inception)}",
        ),
    )


@decided(
    "xception.c4",
    text="What belongs together in space and what belongs together across channels is handled "
    "apart, by as many groups as channels.",
    check="algebra",
    verdict="correct",
    truth="As stated: the first step reads one channel, the second one place.",
    source="chollet2017xception, Section 1",
)
def c4() -> Finding:
    """Differentiate one output of each step: which inputs does it depend on?"""
    import torch
    from torch import nn

    from cnnhistory.models.xception import SeparableConv

    layer = SeparableConv(5, 7)
    for conv in convolutions(layer):
        nn.init.ones_(conv.weight)
    read = []
    for step in layer:
        x = torch.zeros(1, 5, 9, 9, requires_grad=True)
        step(x)[0, 2, 4, 4].backward()
        assert x.grad is not None
        reads = x.grad[0] != 0
        read.append((int(reads.any(-1).any(-1).sum()), int(reads.any(0).sum())))
    (channels, places), (all_channels, place) = read
    apart = channels == 1 and place == 1 and places > 1 and all_channels == 5
    return Finding(
        "correct" if apart else "wrong",
        f"a value of the first step reads {channels} of 5 channels at {places} places, one of the "
        f"second {all_channels} channels at {place}",
        ("reads one channel, the second one place",) if apart else (),
    )
