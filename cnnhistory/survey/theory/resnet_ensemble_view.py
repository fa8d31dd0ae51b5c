"""Residual networks as ensembles of shallow ones, and what the survey says about it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from statistics import mean
from typing import TYPE_CHECKING, Any, cast

from cnnhistory.survey._checks import convolutions, in_words
from cnnhistory.system import Finding, Statement, System, decided

if TYPE_CHECKING:
    from cnnhistory.models.resnet import ResNet

SYSTEM = System(
    id="resnet_ensemble_view",
    name="Residual networks as ensembles of shallow ones",
    year=2016,
    era="theory",
    task="analysis",
    paper="veit2016residual",
    chapter="imagenet/resnet_ensembles",
    object="visualize.paths.path_gradient",
    digest="resnet-ensemble-view",
)

# Trained residual networks, the deeper one first.
DEPTHS = (56, 20)


def _ablations(run: str) -> dict[str, Any]:
    """Return what was measured on a recorded network without some of its parts."""
    from cnnhistory import zoo

    result = zoo.record(f"ablations_{run}").results[0]
    return {**result.metrics, **result.details}


@decided(
    "resnet_ensemble_view.c1",
    text="A residual network is an implicit ensemble of exponentially many networks.",
    check="algebra",
    verdict="imprecise",
    truth="The number is right: n blocks can be passed in 2^n ways. It is no ensemble in the usual "
    "sense, since each block lies on half of the paths: nothing was trained apart. The paper's "
    "title says that such networks behave like one.",
    source="veit2016residual, Section 3",
)
def c1() -> Finding:
    """Add up the derivatives that single paths through a network carry."""
    import torch
    from torch import nn

    from cnnhistory import create_model
    from cnnhistory.models.resnet import ResNet
    from cnnhistory.registry import on_meta
    from cnnhistory.visualize.paths import path_gradient

    network = cast(ResNet, create_model("resnet20", width=1 / 8)).double().eval()
    # Five of its nine blocks, among them those that change the shape: 32 paths are followed fast.
    network.blocks = nn.Sequential(*(network.blocks[place] for place in (0, 1, 3, 4, 6)))
    n, loss = len(network.blocks), nn.CrossEntropyLoss()
    x = torch.randn(2, 3, 32, 32, dtype=torch.double, requires_grad=True)
    target = torch.tensor([1, 7])
    (whole,) = torch.autograd.grad(loss(network(x), target), x)
    paths = [
        path_gradient(network, x, target, taken, loss) for taken in product((False, True), repeat=n)
    ]
    is_sum = torch.allclose(torch.stack(paths).sum(0), whole, atol=1e-12)
    count = sum(bool(path.abs().max() > 0) for path in paths)
    ways = list(product((False, True), repeat=n))
    shared = {sum(taken[block] for taken in ways) / len(ways) for block in range(n)}
    blocks = len(cast(ResNet, on_meta("resnet110")).blocks)
    as_many = is_sum and count == 2**n
    return Finding(
        ("imprecise" if max(shared) * len(ways) > 1 else "correct") if as_many else "wrong",
        f"the derivative of a network of {n} blocks {'is' if is_sum else 'is not'} the sum of what "
        f"its paths carry, {count} of {2**n} carry something; the {blocks} blocks of ResNet-110 "
        f"have {2**blocks:,} paths",
        (
            *["n blocks can be passed in 2^n ways"] * (count == 2**n),
            *["each block lies on half of the paths"] * (shared == {0.5}),
        ),
    )


c2 = Statement(
    "resnet_ensemble_view.c2",
    text="The number of these networks is introduced as a new concept, diversity.",
    check="cite",
    verdict="imprecise",
    truth="The paper's word is multiplicity.",
    source="veit2016residual, Section 6",
)


def _of_two(holds: Sequence[bool]) -> str:
    """Return the verdict on a statement that may hold for some of the networks alone."""
    return "correct" if all(holds) else "imprecise" if any(holds) else "wrong"


@decided(
    "resnet_ensemble_view.c3",
    text="Deleting one layer of a trained residual network hardly hurts it, with few "
    "exceptions; deleting one of a VGG destroys it.",
    check="exp",
    verdict="imprecise",
    truth="It depends on the depth. What is deleted is a block, of two layers: in ResNet-56 the "
    "error rises by 3.1 points in the middle case, in ResNet-20 by 21.7. That is still less than "
    "what its plain counterpart and VGG-16 lose, for each layer at least 37 points. The "
    "exceptions are, in the paper, the blocks that change the shape; in ours the first ones, too.",
    source="veit2016residual, Section 4.1, Figure 3",
)
def c3() -> Finding:
    from cnnhistory.registry import on_meta

    holds, typical, parts = [], [], []
    for depth in DEPTHS:
        residual = _ablations(f"resnet{depth}_cifar10")
        rise = sorted(error - residual["error_single"] for error in residual["single"].values())
        few = sum(r > 0.1 for r in rise)
        typical.append(100 * rise[len(rise) // 2])
        holds.append(typical[-1] < 5 and few <= len(rise) / 5)
        parts.append(
            f"ResNet-{depth}: {typical[-1]:.1f} points more in the middle case, more than 10 for "
            f"{few} of {len(rise)} blocks"
        )
    least = []
    for name in ("plain20", "vgg16_bn"):
        chain = _ablations(f"{name}_cifar10")
        least.append(100 * (min(chain["single"].values()) - chain["error_single"]))
    destroyed = min(least) > 10
    deep, shallow = typical
    block = cast("ResNet", on_meta("resnet56")).blocks[0]
    return Finding(
        _of_two(holds) if destroyed else "wrong",
        f"{'; '.join(parts)}; at least {least[0]:.0f} points for each of the plain network of 20 "
        f"layers, {least[1]:.0f} for each layer of VGG-16",
        (
            f"in ResNet-{DEPTHS[0]} the error rises by {deep:.1f} points in the middle case, in "
            f"ResNet-{DEPTHS[1]} by {shallow:.1f}",
            f"a block, of {in_words(len(convolutions(block)))} layers",
            f"for each layer at least {min(least):.0f} points",
        ),
    )


@decided(
    "resnet_ensemble_view.c4",
    text="The error rises smoothly with the number of deleted layers, and with the number of "
    "layers that change places.",
    check="exp",
    verdict="imprecise",
    truth="As stated for ResNet-56, for the average over random choices. In ResNet-20 it rises "
    "smoothly with the number of deleted blocks, in steps of up to 18 points, but not with how "
    "far they are from their old order.",
    source="veit2016residual, Sections 4.2 and 4.3, Figure 5",
)
def c4() -> Finding:
    deletions, swaps, parts, largest = [], [], [], []
    for depth in DEPTHS:
        result = _ablations(f"resnet{depth}_cifar10")
        means = [result["error_images"], *(mean(errors) for errors in result["several"].values())]
        steps = [after - before for before, after in pairwise(means)]
        orders = sorted(result["orders"])
        third = len(orders) // 3
        thirds = (orders[-third:], orders[third:-third], orders[:third])  # nearest first
        by_order = [mean(error for _, error in some) for some in thirds]
        largest.append(max(steps))
        deletions.append(max(steps) < 0.25 and min(steps) > -0.05)
        swaps.append(by_order[0] < by_order[1] < by_order[2])
        parts.append(
            f"ResNet-{depth}, mean error with {', '.join(['0', *result['several']])} blocks "
            f"deleted: {', '.join(f'{100 * m:.0f}' for m in means)} %; shuffled, from the third "
            f"nearest to the old order to the farthest: "
            f"{', '.join(f'{100 * e:.0f}' for e in by_order)} %"
        )
    holds = [a and b for a, b in zip(deletions, swaps, strict=True)]
    some = any(deletions) or any(swaps)
    names = [f"ResNet-{depth}" for depth, right in zip(DEPTHS, holds, strict=True) if right]
    return Finding(
        "correct" if all(holds) else "imprecise" if some else "wrong",
        "; ".join(parts),
        (
            *(f"As stated for {name}" for name in names),
            *[f"in steps of up to {100 * largest[-1]:.0f} points"] * deletions[-1],
            *["but not with how far they are"] * (not swaps[-1]),
        ),
    )


@decided(
    "resnet_ensemble_view.c5",
    text="The gradient comes almost entirely from short paths.",
    check="exp",
    verdict="imprecise",
    truth="It depends on the depth. Paths that are shorter than the average of half the blocks "
    "carry 99.8 % of the gradient in ResNet-56 and 63 % in ResNet-20.",
    source="veit2016residual, Section 5, Figure 6",
)
def c5() -> Finding:
    """Weigh the norm of a sampled path with the number of such paths, as the paper does."""
    from cnnhistory.visualize.paths import path_shares

    short, parts = [], []
    for depth in DEPTHS:
        norms = [mean(draws) for draws in _ablations(f"resnet{depth}_cifar10")["sampled_norms"]]
        shares = path_shares(len(norms) - 1)
        weights = [share * norm for share, norm in zip(shares, norms, strict=True)]
        weights = [weight / sum(weights) for weight in weights]
        average = sum(length * share for length, share in enumerate(shares))
        carried = sum(length * weight for length, weight in enumerate(weights))
        short.append(sum(weight for length, weight in enumerate(weights) if length < average))
        longest = next(k for k in range(len(weights)) if sum(weights[: k + 1]) >= 0.9)
        rare = sum(shares[: longest + 1])
        parts.append(
            f"ResNet-{depth}: the paths have {average:g} blocks on average, the gradient comes "
            f"through {carried:.1f}; {100 * short[-1]:.1f} % of it from paths shorter than "
            f"average, 90 % from the {100 * rare:.3g} % of paths with at most {longest} blocks"
        )
    deep, shallow = short
    return Finding(
        "correct" if min(short) > 0.9 else "imprecise" if max(short) > 0.5 else "wrong",
        "; ".join(parts),
        (
            f"carry {100 * deep:.3g} % of the gradient in ResNet-{DEPTHS[0]} and "
            f"{100 * shallow:.2g} % in ResNet-{DEPTHS[1]}",
        ),
    )


c6 = Statement(
    "resnet_ensemble_view.c6",
    text="Residual networks do not solve the problem of vanishing gradients but avoid it.",
    check="cite",
    verdict="opinion",
    truth="This is how the paper reads its measurements: short paths carry the gradient.",
    source="veit2016residual, Sections 5 and 6",
)


c7 = Statement(
    "resnet_ensemble_view.c7",
    text="To call it an ensemble is doubtful, since the members share layers and are trained "
    "together on the same data.",
    check="cite",
    verdict="opinion",
    truth="The survey's own objection. The paper claims that the network behaves like an "
    "ensemble in tests, not that its paths were trained as one.",
    source="veit2016residual, Sections 4 and 6",
)
