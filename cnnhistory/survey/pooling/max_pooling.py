"""Max pooling, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="max_pooling",
    name="Max pooling",
    year=1992,
    era="pooling",
    task="pooling",
    paper="krizhevsky2012imagenet",
    object="nn.pool.MaxPool2d",
    chapter="toolbox/pooling",
    digest="max-pooling",
)


@decided(
    "max_pooling.c1",
    text="Max pooling in AlexNet halves the maps.",
    check="count",
    verdict="correct",
    truth="As stated, rounded down: the sides are 55 → 27, 27 → 13 and 13 → 6. The windows are "
    "wider than their distance, 3 for 2, so they overlap.",
    source="krizhevsky2012imagenet, Section 3.4",
)
def c1() -> Finding:
    """Follow the sides of AlexNet's maps through its three poolings."""
    import torch
    from torch import Tensor, nn

    from cnnhistory.registry import on_meta

    sides: list[tuple[int, int]] = []

    def look(_: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        sides.append((inputs[0].shape[-1], output.shape[-1]))

    network = on_meta("alexnet").eval()
    pools = [layer for layer in network.modules() if isinstance(layer, nn.MaxPool2d)]
    for pool in pools:
        pool.register_forward_hook(look)
    network(torch.zeros(1, 3, 227, 227, device="meta"))
    windows = {(pool.kernel_size, pool.stride) for pool in pools}
    steps = [f"{before} → {after}" for before, after in sides]
    return Finding(
        right_or_wrong(len(sides) > 0 and all(after == before // 2 for before, after in sides)),
        f"sides of the maps: {', '.join(steps)}",
        (
            f"{', '.join(steps[:-1])} and {steps[-1]}",
            *(f"{size} for {stride}" for size, stride in windows),
        ),
    )
