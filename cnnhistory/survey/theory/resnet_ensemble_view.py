"""Residual networks as ensembles of shallow ones, and what the survey says about it."""

from __future__ import annotations

from itertools import pairwise, product
from statistics import mean
from typing import Any, cast

from cnnhistory.system import Finding, Statement, System, decided

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


def _ablations(run: str) -> dict[str, Any]:
    """Return what was measured on a recorded network without some of its parts."""
    from cnnhistory import zoo

    result = zoo.record(f"ablations_{run}").results[0]
    return {**result.metrics, **result.details}


@decided(
    "resnet_ensemble_view.c1",
    text="A residual network is an implicit ensemble of exponentially many networks.",
    check="algebra",
    verdict="correct",
    truth="As stated, for the number of paths: n blocks can be passed in 2^n ways.",
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
    blocks = len(cast(ResNet, on_meta("resnet110")).blocks)
    return Finding(
        "correct" if is_sum and count == 2**n else "wrong",
        f"the derivative of a network of {n} blocks {'is' if is_sum else 'is not'} the sum of what "
        f"its paths carry, {count} of {2**n} carry something; the {blocks} blocks of ResNet-110 "
        f"have {2**blocks:,} paths",
    )


c2 = Statement(
    "resnet_ensemble_view.c2",
    text="The number of these networks is introduced as a new concept, diversity.",
    check="cite",
    verdict="imprecise",
    truth="The paper's word is multiplicity.",
    source="veit2016residual, Section 6",
)


@decided(
    "resnet_ensemble_view.c3",
    text="Deleting one layer of a trained residual network hardly hurts it, with few "
    "exceptions; deleting one of a VGG destroys it.",
    check="exp",
    verdict="correct",
    truth="As stated. What is deleted is a block, of two layers. The exceptions are, in the "
    "paper, the blocks that change the shape; in our smaller networks the first ones, too.",
    source="veit2016residual, Section 4.1, Figure 3",
)
def c3() -> Finding:
    residual, vgg = _ablations("resnet56_cifar10"), _ablations("vgg16_bn_cifar10")
    rise = {name: error - residual["error_single"] for name, error in residual["single"].items()}
    few = [name for name, r in rise.items() if r > 0.1]
    typical = sorted(rise.values())[len(rise) // 2]
    least = min(vgg["single"].values()) - vgg["error_single"]
    holds = typical < 0.05 and len(few) <= len(rise) / 5 and least > 0.1
    return Finding(
        "correct" if holds else "wrong",
        f"ResNet-56: {100 * typical:.1f} points more in the middle case, more than 10 points for "
        f"{len(few)} of {len(rise)} blocks; VGG-16: at least {100 * least:.0f} points for each of "
        f"{len(vgg['single'])} layers",
    )


@decided(
    "resnet_ensemble_view.c4",
    text="The error rises smoothly with the number of deleted layers, and with the number of "
    "layers that change places.",
    check="exp",
    verdict="correct",
    truth="As stated, for the average over random choices.",
    source="veit2016residual, Sections 4.2 and 4.3, Figure 5",
)
def c4() -> Finding:
    result = _ablations("resnet56_cifar10")
    means = [result["error_images"], *(mean(errors) for errors in result["several"].values())]
    steps = [after - before for before, after in pairwise(means)]
    orders = sorted(result["orders"])
    third = len(orders) // 3
    by_tau = [
        mean(e for _, e in part) for part in (orders[:third], orders[third:-third], orders[-third:])
    ]
    smooth = max(steps) < 0.25 and min(steps) > -0.05 and by_tau[0] > by_tau[1] > by_tau[2]
    numbers = ", ".join(f"{100 * m:.0f}" for m in means)
    return Finding(
        "correct" if smooth else "wrong",
        f"ResNet-56, mean error with {', '.join(['0', *result['several']])} blocks deleted: "
        f"{numbers} %; with the order shuffled, from the third nearest to the old order to the "
        f"farthest: {', '.join(f'{100 * e:.0f}' for e in reversed(by_tau))} %",
    )


@decided(
    "resnet_ensemble_view.c5",
    text="The gradient comes almost entirely from short paths.",
    check="exp",
    verdict="correct",
    truth="As stated, for paths that are short against the average of half the blocks.",
    source="veit2016residual, Section 5, Figure 6",
)
def c5() -> Finding:
    """Weigh the norm of a sampled path with the number of such paths, as the paper does."""
    from cnnhistory.visualize.paths import path_shares

    norms = [mean(draws) for draws in _ablations("resnet56_cifar10")["sampled_norms"]]
    shares = path_shares(len(norms) - 1)
    weights = [share * norm for share, norm in zip(shares, norms, strict=True)]
    weights = [weight / sum(weights) for weight in weights]
    average = sum(length * share for length, share in enumerate(shares))
    carried = sum(length * weight for length, weight in enumerate(weights))
    short = sum(weight for length, weight in enumerate(weights) if length < average)
    longest = next(k for k in range(len(weights)) if sum(weights[: k + 1]) >= 0.9)
    rare = sum(shares[: longest + 1])
    return Finding(
        "correct" if short > 0.9 else "imprecise" if short > 0.5 else "wrong",
        f"ResNet-56: the paths have {average:g} blocks on average, the gradient comes through "
        f"{carried:.1f}; {100 * short:.1f} % of it from paths shorter than average, 90 % from the "
        f"{100 * rare:.3g} % of paths with at most {longest} blocks",
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
