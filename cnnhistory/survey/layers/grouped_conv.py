"""Grouped convolution, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="grouped_conv",
    name="Grouped convolution",
    year=2012,
    era="layers",
    task="layer",
    paper="krizhevsky2012imagenet",
    object="nn.residual.Bottleneck",
    chapter="toolbox/convolution",
    digest="grouped-conv",
)


@decided(
    "grouped_conv.c1",
    text="Channels in groups that do not read each other make a convolution cheaper.",
    check="count",
    verdict="correct",
    truth="As stated: with 2, 4 or 32 groups weights and multiply-adds fall by exactly that "
    "factor.",
    source="krizhevsky2012imagenet, Section 3.5",
)
def c1() -> Finding:
    from torch import nn

    from cnnhistory.accounting import count_multiply_adds, count_parameters
    from cnnhistory.nn import unit

    def cost(groups: int) -> tuple[int, int]:
        layers = unit.conv_norm(64, 128, 3, groups=groups, batch_norm=False)
        conv = nn.Sequential(layers[0]).to("meta")
        weights = count_parameters(conv) - 128  # without biases
        return weights, count_multiply_adds(conv, (64, 14, 14))

    whole, exact, found = cost(1), True, []
    for groups in (2, 4, 32):
        parts = [a / b for a, b in zip(whole, cost(groups), strict=True)]
        exact &= parts == [groups, groups]
        found.append(f"{groups} groups: {parts[0]:g} times fewer weights, {parts[1]:g} operations")
    return Finding(
        "correct" if exact else "wrong",
        "; ".join(found),
        ("with 2, 4 or 32 groups weights and multiply-adds fall by exactly that factor",) * exact,
    )
