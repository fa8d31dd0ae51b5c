"""Fully convolutional topology, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import convolutions, in_words, size
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="fcn_topology",
    name="Fully convolutional topology",
    year=2015,
    era="layers",
    task="layer",
    paper="long2015fully",
    object="nn.dense.as_convolutions",
    chapter="toolbox/upsampling",
    digest="fcn-topology",
)


@decided(
    "fcn_topology.c1",
    text="A dense layer is a convolution whose kernel covers the whole map.",
    check="algebra",
    verdict="correct",
    truth="As stated: with the same weights both give the same scores, and over a map that is 3 "
    "larger the convolution gives the scores of 16 windows.",
    source="long2015fully, Section 3.1",
)
def c1() -> Finding:
    """Rewrite a dense layer and compare, on its map and on a larger one."""
    import torch
    from torch import nn

    from cnnhistory.nn import dense

    layer = nn.Sequential(nn.Linear(4 * 7 * 7, 10))
    sliding = dense.as_convolutions(layer, 4, 7)
    large = torch.arange(400.0).sin().view(1, 4, 10, 10)
    own = torch.allclose(
        sliding(large[..., :7, :7]).flatten(1), layer(large[..., :7, :7].flatten(1)), atol=1e-5
    )
    scores = sliding(large)
    rows, columns = scores.shape[2:]
    each = all(
        torch.allclose(
            scores[..., r, c], layer(large[..., r : r + 7, c : c + 7].flatten(1)), atol=1e-5
        )
        for r in range(rows)
        for c in range(columns)
    )
    return Finding(
        "correct" if own and each else "wrong",
        f"scores {'equal' if own else 'differ'}; over 10×10 places {rows * columns} windows, "
        f"{'all' if each else 'not all'} equal",
        (
            f"over a map that is {10 - 7} larger the convolution gives the scores of "
            f"{rows * columns} windows",
        )
        * each,
    )


@decided(
    "fcn_topology.c2",
    text="The last layers of a fully convolutional network are usually 1×1 convolutions.",
    check="count",
    verdict="correct",
    truth="As stated: of the three dense layers of AlexNet and of VGG-16 the first becomes a "
    "kernel of 6×6 or 7×7, the other two become 1×1.",
    source="long2015fully, Section 4.1",
)
def c2() -> Finding:
    from torch import nn

    from cnnhistory.nn import dense
    from cnnhistory.registry import on_meta

    kernels = {}
    for name, maps, side in (("alexnet", 256, 6), ("vgg16", 512, 7)):
        classifier = on_meta(name).classifier
        assert isinstance(classifier, nn.Sequential)
        layers = convolutions(dense.as_convolutions(classifier, maps, side))
        kernels[name] = [size(layer.kernel_size) for layer in layers]
    small = all(set(sides[1:]) == {"1×1"} for sides in kernels.values())
    (first, *rest), (second, *_) = kernels.values()
    return Finding(
        "correct" if small else "wrong",
        "; ".join(f"{name}: {', '.join(sides)}" for name, sides in kernels.items()),
        (
            f"of the {in_words(1 + len(rest))} dense layers of AlexNet and of VGG-16 the first "
            f"becomes a kernel of {first} or {second}",
            *[f"the other {in_words(len(rest))} become 1×1"] * small,
        ),
    )
