"""Statements about residual networks that recorded runs and studies decide."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean

from cnnhistory.claims.record import Finding, Statement, check
from cnnhistory.visualize.paths import path_shares
from cnnhistory.zoo import record, study_record

STUDY = "lesions_cifar10"

STATEMENTS = (
    Statement(
        id="resnet.c6",
        system="resnet",
        text="From some depth on, more layers make a plain network worse, also on the training "
        "data; this is not over-fitting.",
        check="exp",
        verdict="correct",
        truth="As stated, for networks trained by gradient descent. A deeper network that is no "
        "worse exists: the shallow one with layers that copy.",
        source="he2016deep, Section 1, Figures 1 and 6",
    ),
    Statement(
        id="resnet-ensemble-view.c3",
        system="resnet_ensemble_view",
        text="Deleting one layer of a trained residual network hardly hurts it, with few "
        "exceptions; deleting one of a VGG destroys it.",
        check="exp",
        verdict="correct",
        truth="As stated. What is deleted is a block, of two layers. The exceptions are, in the "
        "paper, the blocks that change the shape; in our smaller networks the first ones, too.",
        source="veit2016residual, Section 4.1, Figure 3",
    ),
    Statement(
        id="resnet-ensemble-view.c4",
        system="resnet_ensemble_view",
        text="The error rises smoothly with the number of deleted layers, and with the number of "
        "layers that change places.",
        check="exp",
        verdict="correct",
        truth="As stated, for the average over random choices.",
        source="veit2016residual, Sections 4.2 and 4.3, Figure 5",
    ),
    Statement(
        id="resnet-ensemble-view.c5",
        system="resnet_ensemble_view",
        text="The gradient comes almost entirely from short paths.",
        check="exp",
        verdict="correct",
        truth="As stated, for paths that are short against the average of half the blocks.",
        source="veit2016residual, Section 5, Figure 6",
    ),
)


@check("resnet.c6")
def _degradation() -> Finding:
    last = {
        name: [result.history[-1]["train_error"] for result in record(f"{name}_cifar10").results]
        for name in ("plain20", "plain56", "resnet20", "resnet56")
    }
    worse = min(last["plain56"]) > max(last["plain20"])
    percent = {name: f"{100 * mean(errors):.1f} %" for name, errors in last.items()}
    return Finding(
        "correct" if worse else "unverified",
        f"training error on CIFAR-10, mean over seeds ({len(last['plain20'])}): plain "
        f"{percent['plain20']} with 20 layers and {percent['plain56']} with 56; residual "
        f"{percent['resnet20']} and {percent['resnet56']}",
    )


@check("resnet-ensemble-view.c3")
def _one_deleted() -> Finding:
    results = study_record(STUDY).results
    residual, vgg = results["resnet56_cifar10"], results["vgg16_bn_cifar10"]
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


@check("resnet-ensemble-view.c4")
def _several_deleted() -> Finding:
    result = study_record(STUDY).results["resnet56_cifar10"]
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


@check("resnet-ensemble-view.c5")
def _short_paths() -> Finding:
    """Weigh the norm of a sampled path with the number of such paths, as the paper does."""
    norms = [
        mean(draws) for draws in study_record(STUDY).results["resnet56_cifar10"]["sampled_norms"]
    ]
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
