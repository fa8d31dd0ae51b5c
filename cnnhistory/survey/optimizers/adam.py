"""Adam."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="adam",
    name="Adam",
    year=2014,
    era="optimizers",
    task="optimizer",
    paper="kingma2015adam",
    chapter="toolbox/optimizers",
    object="optim.adam.Adam",
    digest="adam",
)


@decided(
    "adam.c1",
    text="It keeps two vectors m and v, both of which start at 0.",
    check="algebra",
    verdict="correct",
    truth="As stated; the corrected averages of the algorithm make up for that start.",
    source="kingma2015adam, Algorithm 1",
)
def c1() -> Finding:
    import torch
    from torch import nn

    from cnnhistory.optim.adam import Adam

    w = nn.Parameter(torch.randn(5, dtype=torch.double))
    state = Adam([w]).starting_state(w)
    zero = all(not value.any() for value in state.values())
    return Finding(
        "correct" if zero and {"m", "v"} <= set(state) else "wrong",
        f"before the first step m, v and the count of steps {'are' if zero else 'are not'} zero",
    )
