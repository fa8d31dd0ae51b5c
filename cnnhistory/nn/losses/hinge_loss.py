"""Hinge losses: no loss once the right side is right by a margin."""

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import check_one_of
from cnnhistory.nn.size import check_scores


class HingeLoss(nn.Module):
    """Average what is missing to a margin on the right side of zero.

    E = mean of max(0, margin - t y), t = 1 or -1. The gradient is -t / n where the margin is not
    met and 0 where it is: items that are right by the margin do not count any more, and one that
    is wrong pulls as strongly as one that is nearly right.

    Shape: scores and signs of one shape, signs of 1 and -1; the loss is a scalar >= 0.

    Raises:
        ValueError: the margin is not positive, the shapes differ or a sign is neither 1 nor -1.

    Source: cortes1995support.

    >>> HingeLoss()(torch.tensor([2.0, 0.25, 0.5]), torch.tensor([1.0, 1.0, -1.0])).item()
    0.75
    """

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        check_finite("margin", margin, positive=True)
        self.margin = margin

    def forward(self, scores: Tensor, signs: Tensor) -> Tensor:
        """Return the mean shortfall."""
        if scores.shape != signs.shape or not scores.numel() or not (signs.abs() == 1).all():
            raise ValueError(
                f"signs: expected 1 or -1 for each of {tuple(scores.shape)} scores, "
                f"got {tuple(signs.shape)}"
            )
        return (self.margin - signs * scores).clamp_min(0).mean()

    def extra_repr(self) -> str:
        """Show the margin."""
        return f"margin={self.margin}"


class MulticlassHingeLoss(nn.Module):
    """Ask that the right class leads every other one by a margin.

    With m_k = max(0, margin - y_D + y_k) for every wrong class k, D the right one, the loss of an
    item is the largest m_k ("max", Crammer and Singer) or their sum over the number of classes
    ("sum", as in torch's MultiMarginLoss). The gradient with respect to a wrong score is 1 where
    its class counts (1/K with "sum"), and the right score gets minus the sum of these.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Raises:
        ValueError: the margin is not positive, `over` is neither word, or there are fewer than two
            classes or no item.

    Source: crammer2001algorithmic.

    >>> scores, target = torch.tensor([[2.0, 1.5, -1.0]]), torch.tensor([0])
    >>> MulticlassHingeLoss()(scores, target).item()
    0.5
    """

    def __init__(self, margin: float = 1.0, over: str = "max") -> None:
        super().__init__()
        check_finite("margin", margin, positive=True)
        check_one_of("over", over, ("max", "sum"))
        self.margin, self.over = margin, over

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean over the items."""
        if scores.dim() != 2 or scores.shape[0] == 0 or scores.shape[1] < 2:
            raise ValueError(f"scores: expected shape (N, classes), got {tuple(scores.shape)}")
        right = scores.gather(1, target[:, None])
        missing = (self.margin - right + scores).clamp_min(0)  # (N, K), margin at the right class
        wrong = missing.scatter(1, target[:, None], 0.0)
        return (wrong.amax(1) if self.over == "max" else wrong.mean(1)).mean()

    def extra_repr(self) -> str:
        """Show the margin and how classes are joined."""
        return f"margin={self.margin}, over={self.over!r}"


class SquaredHingeLoss(nn.Module):
    """Average the square of what is missing to a margin of 1, as a support vector machine does.

    E = mean over patterns and outputs of max(0, 1 - t_i y_i)^2, t_i = 1 for the right class,
    else -1.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Raises:
        ValueError: there is no item or only one class.

    Source: courbariaux2016binarized ("L2-SVM"); cortes1995support for the margin.
    """

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared shortfall."""
        check_scores(scores)
        sign = torch.full_like(scores, -1.0).scatter_(1, target[:, None], 1.0)
        return (1 - sign * scores).clamp_min(0).square().mean()
