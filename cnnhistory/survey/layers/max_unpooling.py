"""Max-unpooling with stored indices, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="max_unpooling",
    name="Max-unpooling with stored indices",
    year=2014,
    era="layers",
    task="layer",
    paper="zeiler2014visualizing",
    see_also=("badrinarayanan2017segnet",),
    object="nn.spatial.unpool.MaxUnpool2d",
    chapter="toolbox/upsampling",
    digest="max-unpooling",
)


@decided(
    "max_unpooling.c1",
    text="It puts values back to where the maxima were, and has nothing to learn.",
    check="count",
    verdict="correct",
    truth="As stated. What fills the places in between is learned by the convolutions behind it.",
    source="badrinarayanan2017segnet, Section 3",
)
def c1() -> Finding:
    import torch

    from cnnhistory.accounting import count_parameters
    from cnnhistory.nn.spatial import unpool

    x = torch.arange(64.0).sin().abs().view(1, 1, 8, 8)
    values, places = unpool.pool_with_places(x)
    layer = unpool.MaxUnpool2d()
    back = layer(values, places)
    kept = bool((back[back != 0] == x[back != 0]).all()) and int((back != 0).sum()) == 16
    count = count_parameters(layer)
    return Finding(
        "correct" if kept and count == 0 else "wrong",
        f"{count} parameters; 16 maxima of 64 values {'at' if kept else 'not at'} their places, "
        "zeros elsewhere",
    )
