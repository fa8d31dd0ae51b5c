"""Positive-sharing loss, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="positive_sharing_loss",
    name="Positive-sharing loss",
    year=2015,
    era="losses",
    task="loss",
    paper="shen2015deepcontour",
    chapter="toolbox/losses",
    object="nn.losses.positive_sharing_loss.PositiveSharingLoss",
    deviations=("the default of the weight of the shared term is ours",),
    digest="positive-sharing-loss",
)


@decided(
    "positive_sharing_loss.c1",
    text="The sub-classes of the positive class share its loss.",
    check="exp",
    verdict="correct",
    truth="As stated: what is added to the cross-entropy is the loss of positive or not, and its "
    "gradient raises the scores of all sub-classes, in proportion to their probabilities, "
    "whichever of them is the right one.",
    source="shen2015deepcontour, abstract",
)
def c1() -> Finding:
    """Take the gradient that the loss has beside that of the cross-entropy, for random scores."""
    import torch
    from torch.nn import functional as F

    from cnnhistory.nn.losses.positive_sharing_loss import PositiveSharingLoss

    torch.manual_seed(0)
    scores = torch.randn(200, 6, dtype=torch.double, requires_grad=True)
    target = torch.arange(200) % 5 + 1  # never the background
    added = PositiveSharingLoss(1.0)(scores, target) - F.cross_entropy(scores, target)
    raised = -torch.autograd.grad(added, scores)[0][:, 1:]
    shares = raised / raised.sum(1, keepdim=True)
    wanted = scores.detach()[:, 1:].softmax(1)  # of the sub-classes among themselves
    apart, all_raised = float((shares - wanted).abs().max()), bool((raised > 0).all())
    return Finding(
        "wrong" if not all_raised else "correct" if apart < 1e-9 else "imprecise",
        f"in {200 if all_raised else 'not all'} of 200 random cases all five sub-classes are "
        f"raised; their shares differ from those of their probabilities by at most {apart:.0e}",
        (*["raises the scores of all sub-classes"] * all_raised,),
    )
