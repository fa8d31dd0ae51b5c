"""Losses of networks whose outputs are distances to a code of each class, as LeNet-5's.

They take *scores*, larger for the likelier class, as all losses of classes here do: the negative
squared distances, so that `argmax` picks the nearest code and the losses see y_i = -score_i.
"""

import torch
from torch import Tensor, nn

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
