"""RMSProp."""

from __future__ import annotations

from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="rmsprop",
    name="RMSProp",
    year=2012,
    era="optimizers",
    task="optimizer",
    paper="tieleman2012lecture",
    chapter="toolbox/optimizers",
    object="optim.rmsprop.RMSProp",
    digest="rmsprop",
)


@decided(
    "rmsprop.c1",
    text="It keeps a vector that starts at 0.",
    check="algebra",
    verdict="correct",
    truth="As stated.",
    source="tieleman2012lecture, slide 29",
)
def c1() -> Finding:
    import torch
    from torch import nn

    from cnnhistory.optim.rmsprop import RMSProp

    w = nn.Parameter(torch.randn(5, dtype=torch.double))
    state = RMSProp([w]).starting_state(w)
    zero = all(not value.any() for value in state.values())
    return Finding(
        "correct" if zero and "r" in state else "wrong",
        "before the first step the average of squares and the velocity "
        f"{'are' if zero else 'are not'} zero",
    )


c2 = Statement(
    "rmsprop.c2",
    text="RMSProp was proposed together with Inception-v3.",
    check="cite",
    verdict="wrong",
    truth="T. Tieleman and G. Hinton showed it in a lecture of 2012; Inception-v3 used it. The "
    "survey itself credits Hinton elsewhere.",
    source="tieleman2012lecture, slide 29",
)
