"""Positive-sharing loss: sub-classes that answer together for the class they belong to."""

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import expected
from cnnhistory.nn.size import check_scores


class PositiveSharingLoss(nn.Module):
    """Add to the cross-entropy of K sub-classes and a background that of positive or not.

    E = mean over the items of -log p_D - weight log q, p the softmax over the scores, class 0 the
    background, D the right class; q = p_0 for the background and q = 1 - p_0, the probability of
    all sub-classes together, for every other class. Taking one sub-class for another costs only
    the first term; taking it for background costs both. The gradient at the scores of an item is
    p - t, plus weight times: p - t for the background, and for a sub-class p_0 at the score 0 and
    -p_0 p_k / (1 - p_0) at the others: what is gained is shared in proportion to p_k.

    Shape: scores (N, K + 1), target (N,) of class indices, 0 for the background; the loss is a
    scalar >= 0.

    Raises:
        ValueError: the weight is negative or not finite, or there is no item or no sub-class.

    Source: shen2015deepcontour.

    Deviations: the default of the weight is ours.

    >>> scores, target = torch.zeros(1, 4), torch.tensor([2])  # p = 1/4, q = 3/4
    >>> loss = PositiveSharingLoss(weight=2.0)(scores, target)
    >>> round(loss.item(), 4)  # log 4 + 2 log(4/3)
    1.9617
    """

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__()
        check_finite("weight", weight)
        if weight < 0:
            raise expected("weight", "at least 0", weight)
        self.weight = weight

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean over the items."""
        check_scores(scores)
        log_p = scores.log_softmax(1)
        own = log_p.gather(1, target[:, None]).squeeze(1)
        # log(1 - p_0) is that of the sum over the sub-classes
        positive = scores[:, 1:].logsumexp(1) - scores.logsumexp(1)
        side = torch.where(target == 0, log_p[:, 0], positive)
        return -(own + self.weight * side).mean()

    def extra_repr(self) -> str:
        """Show the constant."""
        return f"weight={self.weight}"
