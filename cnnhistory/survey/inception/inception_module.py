"""Inception module, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import branches, googlenet, inception_modules
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="inception_module",
    name="Inception module",
    year=2014,
    era="inception",
    task="layer",
    paper="szegedy2015going",
    chapter="imagenet/googlenet",
    object="models.googlenet.Inception",
    digest="inception-module",
)


@decided(
    "inception_module.c1",
    text="All branches of a module keep height and width, so that their maps can be concatenated.",
    check="count",
    verdict="correct",
    truth="As stated: convolutions and pooling are padded and have stride 1.",
    source="szegedy2015going, Section 4, Figure 2",
)
def c1() -> Finding:
    import torch
    from torch import nn

    from cnnhistory.models.googlenet import MODULES

    sizes: dict[str, set[tuple[int, ...]]] = {}
    strides: set[int] = set()
    for name, module in zip(MODULES, inception_modules(googlenet()), strict=True):
        channels = module.branch1x1[0].in_channels
        assert isinstance(channels, int)
        x = torch.empty(1, channels, 14, 13, device="meta")
        sizes[name] = {tuple(branch(x).shape[2:]) for branch in branches(module)}
        strides |= {
            layer.stride if isinstance(layer.stride, int) else layer.stride[0]
            for layer in module.modules()
            if isinstance(layer, nn.Conv2d | nn.MaxPool2d)
        }
    kept = [name for name, found in sizes.items() if found == {(14, 13)}]
    return Finding(
        "correct" if len(kept) == len(sizes) else "wrong",
        f"all four branches give 14×13 for 14×13 in {len(kept)} of {len(sizes)} modules",
        (f"have stride {' and '.join(map(str, sorted(strides)))}",),
    )
