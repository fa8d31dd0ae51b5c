"""Atrous spatial pyramid pooling, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="aspp",
    name="Atrous spatial pyramid pooling",
    year=2016,
    era="pooling",
    task="pooling",
    paper="chen2018deeplab",
    deviations=("no dropout between the layers of a branch",),
    object="nn.regions.atrous.ASPP",
    chapter="toolbox/pooling",
    digest="aspp",
)


@decided(
    "aspp.c1",
    text="Atrous spatial pyramid pooling down-samples the maps.",
    check="exp",
    verdict="wrong",
    truth="It does not pool at all: a map of 33×33 stays one of 33×33. What its branches sample "
    "coarsely is what each place reads, nine values that are 6, 12, 18 or 24 places apart.",
    source="chen2018deeplab, Section 3.2, Figure 7",
)
def c1() -> Finding:
    """Send a map through, and find by the gradient what the place in its middle reads."""
    import torch
    from torch import nn

    from cnnhistory.nn.regions.atrous import ASPP, LARGE

    side = 33
    layer = ASPP(1, 1, maps=4)
    with torch.no_grad():
        for part in layer.modules():
            if isinstance(part, nn.Conv2d):
                part.weight.fill_(1)  # nothing cancels, no ReLU is silent
    out = layer(torch.rand(1, 1, side, side))
    distances, reads = [], set()
    for branch in layer.branches:
        x = torch.rand(1, 1, 99, 99, requires_grad=True)
        (slope,) = torch.autograd.grad(branch(x)[0, 0, 49, 49], x)
        rows = slope[0, 0].nonzero()[:, 0].unique()
        distances.append(int(rows.diff().unique()))
        reads.add(int((slope != 0).sum()))
    kept = tuple(out.shape[2:]) == (side, side)
    apart = [str(distance) for distance in distances]
    return Finding(
        "wrong" if kept else "correct",
        f"{side}×{side} in, {'×'.join(map(str, out.shape[2:]))} out; a place reads "
        f"{' or '.join(map(str, sorted(reads)))} values, {', '.join(apart)} places apart (rates "
        f"{', '.join(map(str, LARGE))})",
        (
            *[f"a map of {side}×{side} stays one of {side}×{side}"] * kept,
            *["nine values"] * (reads == {9}),
            f"{', '.join(apart[:-1])} or {apart[-1]} places apart",
        ),
    )
