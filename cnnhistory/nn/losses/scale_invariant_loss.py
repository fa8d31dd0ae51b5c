"""Scale-invariant loss of log depths: how much of a common factor is forgiven."""

import torch
from torch import Tensor, nn

from cnnhistory._util.lookup import expected


class ScaleInvariantLoss(nn.Module):
    """Average squared differences of log depths, less a share of what is common to a picture.

    E = mean over the pictures of 1/n sum of d_i^2 - share (1/n sum of d_i)^2, with
    d_i = log y_i - log y*_i over the n valid pixels of a picture. The gradient at log y_i is
    2/n (d_i - share mean d). With share = 1 it is the variance of d, the same when all depths are
    doubled, and equal to 1/(2 n^2) times the sum of (d_i - d_j)^2 over all pairs of pixels; with
    share = 0 it is the mean squared error; the paper trains with 0.5.

    Shape: log_depth and log_target (N, *), valid the same, of booleans; the loss is a scalar >= 0.

    Units: natural logarithms of depths in one unit, whichever.

    Raises:
        ValueError: the share is not in 0..1, the shapes differ, or a picture has no valid pixel.

    Source: eigen2014depth.

    >>> off = torch.tensor([[0.5, 1.5]])
    >>> ScaleInvariantLoss()(off, torch.zeros(1, 2)).item()  # (0.25 + 2.25) / 2 - 0.5
    0.75
    >>> ScaleInvariantLoss(share=1)(off, torch.zeros(1, 2)).item()
    0.25
    """

    def __init__(self, share: float = 0.5) -> None:
        super().__init__()
        if not isinstance(share, int | float) or not 0 <= share <= 1:
            raise expected("share", "from 0 to 1", share)
        self.share = share

    def forward(self, log_depth: Tensor, log_target: Tensor, valid: Tensor | None = None) -> Tensor:
        """Return the mean over the pictures."""
        if log_depth.shape != log_target.shape or log_depth.dim() < 2:
            raise ValueError(
                f"log_target: expected the shape of the log depths, {tuple(log_depth.shape)}, "
                f"got {tuple(log_target.shape)}"
            )
        if valid is None:
            valid = torch.ones_like(log_depth, dtype=torch.bool)
        elif valid.shape != log_depth.shape or valid.dtype != torch.bool:
            raise ValueError(
                f"valid: expected booleans of shape {tuple(log_depth.shape)}, "
                f"got {tuple(valid.shape)} of {valid.dtype}"
            )
        count = valid.flatten(1).sum(1)
        if not log_depth.numel() or not count.all():
            raise expected("valid", "at least one pixel in each picture", int(count.eq(0).sum()))
        # What is missing may be infinite: it is taken out before it is subtracted.
        d = torch.where(valid, log_depth, 0.0) - torch.where(valid, log_target, 0.0)
        squares, mean = d.square().flatten(1).sum(1) / count, d.flatten(1).sum(1) / count
        return (squares - self.share * mean.square()).mean()

    def extra_repr(self) -> str:
        """Show the share."""
        return f"share={self.share}"
