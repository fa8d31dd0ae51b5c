"""Refusing to answer: what the error rate becomes when the doubtful cases go to a person."""

from dataclasses import dataclass

import torch
from torch import Tensor


def margin(scores: Tensor) -> Tensor:
    """How far the highest score of each row is above the second highest.

    Shape: scores (N, K) with K of at least 2, result (N,).

    Source: lecun1989backprop, Section 5: the difference between the two most active output units.

    Raises:
        ValueError: `scores` is not (N, K) with K of at least 2.
    """
    if scores.dim() != 2 or scores.shape[1] < 2:
        raise ValueError(f"scores: expected shape (N, K) with K > 1, got {tuple(scores.shape)}")
    top = scores.topk(2, dim=1).values
    return top[:, 0] - top[:, 1]


@dataclass(frozen=True)
class RejectionCurve:
    """Error on what is accepted against the share of cases that is rejected.

    One point for each threshold that makes a difference, from "accept all" on: rejected are all
    cases with a confidence below the threshold, so cases of equal confidence go together. The
    case "reject all", which has no error rate, is left out.

    Shape: all three (P,), 1 <= P <= number of cases.

    Units: `rejected` and `error` are fractions, of all cases and of the accepted ones;
    `threshold` is in the unit of the confidence.
    """

    rejected: Tensor
    error: Tensor
    threshold: Tensor

    def at_error(self, limit: float) -> float | None:
        """Return the smallest share to reject so that at most `limit` of the rest is wrong.

        None where no threshold gets there. Units: fractions.
        """
        good = (self.error <= limit).nonzero().flatten()
        return float(self.rejected[good[0]]) if len(good) else None

    def threshold_at_error(self, limit: float) -> float | None:
        """Return the lowest threshold with an error of at most `limit`; None where none has."""
        good = (self.error <= limit).nonzero().flatten()
        return float(self.threshold[good[0]]) if len(good) else None

    def at_rejection(self, share: float) -> float:
        """Return the error that is left when at most the given share is rejected.

        Raises:
            ValueError: `share` is not in [0, 1).
        """
        if not 0 <= share < 1:
            raise ValueError(f"share: expected a fraction of at least 0 and below 1, got {share}")
        # float32 shares: a billionth more lets 0.1 mean one case in ten
        allowed = (self.rejected <= share + 1e-9).nonzero().flatten()
        return float(self.error[allowed[-1]])


def rejection_curve(confidence: Tensor, wrong: Tensor) -> RejectionCurve:
    """Sort cases by confidence and count errors among those above each threshold.

    For the k cases of highest confidence, rejected = 1 - k/n and error = (wrong among them) / k.

    Shape: confidence (N,), wrong (N,) boolean.

    Raises:
        ValueError: no case, another shape, or a confidence that is not a number.

    Source: lecun1989backprop, Section 5; lecun1990handwritten, pages 402 and 403.
    """
    if confidence.dim() != 1 or confidence.shape != wrong.shape or len(confidence) == 0:
        raise ValueError(
            "confidence, wrong: expected two vectors of the same length of at least 1, got "
            f"{tuple(confidence.shape)} and {tuple(wrong.shape)}"
        )
    if confidence.isnan().any():
        raise ValueError("confidence: expected numbers, got NaN among them")
    n = len(confidence)
    order = confidence.argsort(descending=True)
    ranked = confidence[order]
    errors = wrong[order].long().cumsum(0)
    # A cut after place k is possible where the next case is less confident.
    cut = torch.cat([ranked[:-1] > ranked[1:], torch.tensor([True])]).nonzero().flatten()
    cut = cut.flip(0)  # from "accept all" on
    accepted = (cut + 1).double()
    return RejectionCurve(1 - accepted / n, errors[cut] / accepted, ranked[cut])
