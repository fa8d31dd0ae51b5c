"""Global average pooling, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import dense, in_words
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="global_average_pooling",
    name="Global average pooling",
    year=2013,
    era="pooling",
    task="pooling",
    paper="lin2014network",
    object="models.nin.NIN",
    chapter="toolbox/connections",
    digest="global-average-pooling",
)


@decided(
    "global_average_pooling.c1",
    text="It takes the place of dense layers and has fewer parameters.",
    check="count",
    verdict="correct",
    truth="As stated: it has no parameter; the three dense layers of VGG-16 have 123,642,856.",
    source="lin2014network, Section 3.2",
)
def c1() -> Finding:
    """Count what NIN has behind its last block, and the dense layers of VGG-16."""
    from cnnhistory.accounting import count_parameters
    from cnnhistory.registry import on_meta

    behind = count_parameters(on_meta("nin_cifar").get_submodule("global_pool"))
    layers = dense(on_meta("vgg16"))
    theirs = sum(count_parameters(layer) for layer in layers)
    return Finding(
        "correct" if behind < theirs else "wrong",
        f"NIN has {behind} parameters behind its blocks, the dense layers of VGG-16 {theirs:,}",
        (
            *["it has no parameter"] * (behind == 0),
            f"the {in_words(len(layers))} dense layers of VGG-16 have {theirs:,}",
        ),
    )
