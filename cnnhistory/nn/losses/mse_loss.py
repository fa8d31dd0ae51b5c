"""Squared errors: of numbers, and of classes coded as +1 and -1."""

import torch
from torch import Tensor, nn

from cnnhistory.nn.size import check_scores


class SquaredErrorLoss(nn.Module):
    """Average the squared difference of all outputs to their targets.

    E = 1/n * sum of (y_i - t_i)^2 over all n numbers of the batch. The gradient 2 (y_i - t_i) / n
    grows with the error. It is least where y is the mean of the targets that an input may have.

    Shape: outputs and targets of one shape; the loss is a scalar >= 0.

    Raises:
        ValueError: the shapes differ, or there is no number.

    Source: lecun1989backprop, Section 4.

    >>> SquaredErrorLoss()(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 3.0])).item()  # (1 + 4) / 2
    2.5
    """

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean squared error."""
        if outputs.shape != targets.shape or not outputs.numel():
            raise ValueError(
                f"targets: expected the shape of the outputs, {tuple(outputs.shape)}, and a "
                f"number, got {tuple(targets.shape)}"
            )
        return (outputs - targets).square().mean()


class PlusMinusOneLoss(nn.Module):
    """Average the squared difference of the outputs to +1 for the right class and -1 for others.

    E = mean over patterns and outputs of (y_i - t_i)^2, with t_i = 1 for the right class, else -1.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Raises:
        ValueError: there is no item or only one class.

    Source: lecun1989backprop, Section 4; lecun1990handwritten. Neither says how it averages; a
    mean over the outputs is our reading.
    """

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared error."""
        check_scores(scores)
        wanted = torch.full_like(scores, -1.0).scatter_(1, target[:, None], 1.0)
        return (scores - wanted).square().mean()
