"""Cross-entropy with labels that are not quite certain."""

from torch import Tensor, nn

from cnnhistory._util.checks import check_share
from cnnhistory.nn.size import check_scores


class LabelSmoothingLoss(nn.Module):
    """Average the cross-entropy with a target that leaves every class a little.

    E = mean over the patterns of -sum over k of q_k log p_k, p the softmax of the scores, with
    q_k = 1 - eps + eps / K for the right class and eps / K for the others. It is smallest at
    p = q, so that scores need not grow without bound. torch's cross-entropy with
    `label_smoothing=eps` computes the same; this one shows how.

    Shape: scores (N, K), target (N,) of class indices; the loss is a scalar >= 0.

    Raises:
        ValueError: `eps` is not at least 0 and below 1, or there is no item or only one class.

    Source: szegedy2016rethinking, Section 7, with eps = 0.1.
    """

    def __init__(self, eps: float = 0.1) -> None:
        super().__init__()
        check_share("eps", eps)
        self.eps = eps

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """Return the mean over the patterns."""
        check_scores(scores)
        log_p = scores.log_softmax(1)
        right = log_p.gather(1, target[:, None]).squeeze(1)
        return -((1 - self.eps) * right + self.eps * log_p.mean(1)).mean()

    def extra_repr(self) -> str:
        """Show the constant."""
        return f"eps={self.eps}"
