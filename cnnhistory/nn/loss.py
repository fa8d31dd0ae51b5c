"""Losses that torch does not have, and one written out.

All take *scores*, larger for the likelier class. A network with a distance output, such as
LeNet-5, returns its negative squared distances as scores, so that `argmax` picks the nearest code
and the losses of distances see y_i = -score_i.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnhistory._util.checks import check_finite, check_share
from cnnhistory._util.lookup import expected


class RBFDistanceLoss(nn.Module):
    """Average squared distance to the code of the right class (the paper's "MSE" form).

    E = mean over the patterns p of y_D(p), with y_i = -scores_i and D the right class.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Source: lecun1998gradient, equation (8).
    """

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean penalty of the right classes."""
        return -scores.gather(1, target[:, None]).mean()


class MAPLoss(nn.Module):
    """Raise the right class and push the wrong ones away (maximum a posteriori criterion).

    E = mean over p of [ y_D + log(exp(-j) + sum over i of exp(-y_i)) ], y_i = -scores_i. The
    constant j > 0 stands for a "none of these" class: wrong classes farther than about j are not
    pushed any more. For j to infinity this is the cross-entropy of a softmax over the scores.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar.

    Raises:
        ValueError: j is not positive.

    Source: lecun1998gradient, equation (9).
    """

    def __init__(self, j: float = 10.0) -> None:
        super().__init__()
        if not j > 0:
            raise expected("j", "a positive number", j)
        self.j = j

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean of the criterion."""
        rubbish = scores.new_full((scores.shape[0], 1), -self.j)
        total = torch.logsumexp(torch.cat([scores, rubbish], dim=1), dim=1)
        return (total - scores.gather(1, target[:, None]).squeeze(1)).mean()

    def extra_repr(self) -> str:
        """Show the constant."""
        return f"j={self.j}"


class PlusMinusOneLoss(nn.Module):
    """Average the squared difference of the outputs to +1 for the right class and -1 for others.

    E = mean over patterns and outputs of (y_i - t_i)^2, with t_i = 1 for the right class, else -1.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Source: lecun1989backprop, Section 4; lecun1990handwritten. Neither says how it averages; a
    mean over the outputs is our reading.
    """

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared error."""
        wanted = torch.full_like(scores, -1.0).scatter_(1, target[:, None], 1.0)
        return (scores - wanted).square().mean()


class SquaredHingeLoss(nn.Module):
    """Average the square of what is missing to a margin of 1, as a support vector machine does.

    E = mean over patterns and outputs of max(0, 1 - t_i y_i)^2, t_i = 1 for the right class,
    else -1.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Source: courbariaux2016binarized, Section 2.1 ("L2-SVM"); cortes1995support for the margin.
    """

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared shortfall."""
        sign = torch.full_like(scores, -1.0).scatter_(1, target[:, None], 1.0)
        return (1 - sign * scores).clamp_min(0).square().mean()


class LabelSmoothingLoss(nn.Module):
    """Average the cross-entropy with a target that leaves every class a little.

    E = mean over the patterns of -sum over k of q_k log p_k, p the softmax of the scores, with
    q_k = 1 - eps + eps / K for the right class and eps / K for the others. It is smallest at
    p = q, so that scores need not grow without bound. torch's cross-entropy with
    `label_smoothing=eps` computes the same; this one shows how.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Raises:
        ValueError: `eps` is not at least 0 and below 1.

    Source: szegedy2016rethinking, Section 7, with eps = 0.1.
    """

    def __init__(self, eps: float = 0.1) -> None:
        super().__init__()
        check_share("eps", eps)
        self.eps = eps

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean over the patterns."""
        log_p = scores.log_softmax(1)
        right = log_p.gather(1, target[:, None]).squeeze(1)
        return -((1 - self.eps) * right + self.eps * log_p.mean(1)).mean()

    def extra_repr(self) -> str:
        """Show the constant."""
        return f"eps={self.eps}"


class AuxiliaryLoss(nn.Module):
    """Add the cross-entropies of all heads of a network, those of the auxiliary ones weighted.

    E = H(main) + weight (H(aux_1) + H(aux_2) + ...), H the cross-entropy of a softmax over the
    scores.

    Shape: scores a tuple of (N, K), the main head's first, or those of the main head alone; target
    (N,) of class indices; the loss is a scalar.

    Raises:
        ValueError: `weight` is not finite.

    Source: szegedy2015going, Section 5, with weight 0.3.
    """

    def __init__(self, weight: float = 0.3) -> None:
        super().__init__()
        check_finite("weight", weight)
        self.weight = weight

    def forward(self, scores: tuple[Tensor, ...] | Tensor, target: Tensor) -> Tensor:
        """Return the mean over the examples."""
        if isinstance(scores, Tensor):
            return F.cross_entropy(scores, target)
        main, *auxiliary = (F.cross_entropy(head, target) for head in scores)
        return main + self.weight * sum(auxiliary)
