"""Does a network that says 80 % have 80 % right?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory._util.checks import check_counts
from cnnhistory._util.lookup import expected


@dataclass(frozen=True)
class Calibration:
    """The confidence of a classifier against how often it is right.

    The confidence p of an item is the largest probability that it is given, and falls into one of
    M equal bins of (0, 1]. `share` is the part of all items that is in a bin, `bin_confidence` and
    `bin_accuracy` are the means there, NaN in an empty bin. `log_loss` is the mean of -log p(right
    class), the cross-entropy with the labels as they are.

    Shape: the three of the bins (M,).

    Units: `confidence`, `accuracy` and `error` are fractions, `log_loss` is in nats.

    Source: guo2017calibration, Section 2.
    """

    confidence: float
    accuracy: float
    log_loss: float
    share: Tensor
    bin_confidence: Tensor
    bin_accuracy: Tensor

    @property
    def error(self) -> float:
        """The expected calibration error: the mean distance of accuracy and confidence in a bin.

        ECE = sum over the bins of share |accuracy - confidence|.
        """
        apart = (self.bin_accuracy - self.bin_confidence).abs().nan_to_num()
        return float((self.share * apart).sum())

    @property
    def excess(self) -> float:
        """How much more confident than right it is on average; negative: less confident."""
        return self.confidence - self.accuracy

    def rows(self) -> list[list[float]]:
        """Return share, confidence and accuracy of each bin that is not empty."""
        bins = torch.stack([self.share, self.bin_confidence, self.bin_accuracy], 1)
        return [[round(value, 6) for value in row] for row in bins[self.share > 0].tolist()]


def calibration(scores: Tensor, targets: Tensor, bins: int = 15) -> Calibration:
    """Compare the probabilities softmax(scores) with how often the likeliest class is right.

    Shape: scores (N, K), targets (N,) of class indices.

    Raises:
        ValueError: no item, another shape, fewer than one bin, or a score that is not finite.

    Source: guo2017calibration, equations (2) and (3), with 15 bins; naeini2015obtaining.
    """
    check_counts(bins=bins)
    if scores.dim() != 2 or targets.shape != scores.shape[:1] or len(targets) == 0:
        raise ValueError(
            "scores, targets: expected (N, K) and (N,) with N of at least 1, got "
            f"{tuple(scores.shape)} and {tuple(targets.shape)}"
        )
    if not scores.isfinite().all():
        raise expected("scores", "finite numbers", "others among them")
    log_p = scores.double().log_softmax(1)
    sure, named = log_p.exp().max(1)
    right = (named == targets).double()
    # A confidence on the edge of two bins belongs to the lower one.
    place = (sure * bins).ceil().long().clamp(1, bins) - 1
    count, confidences, rights = (
        torch.zeros(bins, dtype=torch.double).index_add_(0, place.cpu(), values.cpu())
        for values in (torch.ones_like(sure), sure, right)
    )
    return Calibration(
        confidence=float(sure.mean()),
        accuracy=float(right.mean()),
        log_loss=float(F.nll_loss(log_p, targets)),
        share=count / len(targets),
        bin_confidence=confidences / count,
        bin_accuracy=rights / count,
    )
