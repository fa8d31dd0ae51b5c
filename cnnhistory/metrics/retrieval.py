"""How good a search for similar things is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnhistory._util.lookup import expected


def average_precisions(keys: Tensor, labels: Tensor) -> Tensor:
    """Let each thing search for its like among all others, and return the average precisions.

    The others are ranked by the cosine of the angle between their keys and its own. With R others
    of the same label at ranks `r_1 < ... < r_R` the average precision is `1/R Σ_i i / r_i`; it is
    1 if they all come first. Their mean over all things is the mean average precision (mAP).

    Shape: keys (N, C), labels (N,); (N,), without those that have no like.

    Raises:
        ValueError: another number of keys than labels, no two alike, or a key that is not finite.

    >>> keys = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> average_precisions(keys, torch.tensor([0, 0, 1])).tolist()
    [1.0, 1.0]
    """
    if keys.dim() != 2 or labels.shape != keys.shape[:1]:
        raise expected("labels", f"{len(keys)}, one a key", tuple(labels.shape))
    if not keys.isfinite().all():
        raise expected("keys", "finite numbers", "NaN or infinity")
    unit = F.normalize(keys.double())
    near = unit @ unit.T
    near.fill_diagonal_(-torch.inf)
    order = near.argsort(dim=1, descending=True, stable=True)[:, :-1]
    alike = (labels[order] == labels[:, None]).double()
    found = alike.sum(1)
    if not (found > 0).any():
        raise expected("labels", "two that are alike", labels.tolist()[:10])
    ranks = torch.arange(1, len(labels), dtype=torch.double, device=keys.device)
    precision = alike.cumsum(1) / ranks
    return ((precision * alike).sum(1)[found > 0] / found[found > 0]).to(keys.dtype)
