"""Cross-entropy with a softmax, written out, and its gradient in closed form."""

import torch
from torch import Tensor, nn


def softmax_error(scores: Tensor, target: Tensor) -> Tensor:
    """Return p - t, probabilities less targets: the gradient of the loss at the scores.

    Divided by N it is the gradient of the mean over N items. In each row it adds up to 0.

    Shape: scores (N, K), target (N,) of class indices or (N, K) of probabilities; the result
    (N, K).

    Raises:
        ValueError: the target fits the scores in neither way.

    Source: bridle1990probabilistic.

    >>> softmax_error(torch.zeros(1, 2), torch.tensor([0])).tolist()
    [[-0.5, 0.5]]
    """
    return scores.softmax(1) - _probabilities(scores, target)


def _probabilities(scores: Tensor, target: Tensor) -> Tensor:
    if scores.dim() == 2 and scores.shape[0] and target.shape == scores.shape:
        return target
    if scores.dim() != 2 or scores.shape[0] == 0 or target.shape != scores.shape[:1]:
        raise ValueError(
            f"target: expected a class or probabilities for each of the scores "
            f"{tuple(scores.shape)}, got {tuple(target.shape)}"
        )
    if target.is_floating_point():
        raise ValueError(f"target: expected indices of classes, got {target.dtype}")
    return torch.zeros_like(scores).scatter_(1, target[:, None], 1.0)


class CrossEntropyLoss(nn.Module):
    """Average minus the logarithm of the probability that a softmax gives to the right class.

    E = mean over the items of -sum over k of t_k log p_k, p_k = exp(y_k) / sum over j of exp(y_j),
    with t = 1 for the right class and 0 for others, or any probabilities. The gradient at the
    scores is (p - t) / N. A constant added to all scores of an item changes nothing; the largest is
    subtracted first, so that no exponential overflows. torch's loss of the same name computes the
    same; this one shows how.

    Shape: scores (N, K), target (N,) of class indices or (N, K) of probabilities; the loss is a
    scalar, in nats.

    Raises:
        ValueError: the target fits the scores in neither way.

    Source: bridle1990probabilistic.

    >>> loss = CrossEntropyLoss()(torch.tensor([[1.0, 3.0]]).log(), torch.tensor([0]))
    >>> round(loss.exp().item(), 4)  # p = 1/4 and 3/4
    4.0
    """

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean over the items."""
        t = _probabilities(scores, target)
        shifted = scores - scores.amax(1, keepdim=True).detach()
        log_p = shifted - shifted.exp().sum(1, keepdim=True).log()
        return -(t * log_p).sum(1).mean()
