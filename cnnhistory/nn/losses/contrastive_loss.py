"""Losses of distances: same items together, different ones apart, in pairs and in triplets."""

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_finite


def _check(name: str, first: Tensor, other: Tensor) -> None:
    if first.dim() != 2 or not first.numel() or first.shape != other.shape:
        raise ValueError(
            f"{name}: expected shape (N, D) like the first, {tuple(first.shape)}, "
            f"got {tuple(other.shape)}"
        )


def all_pairs(labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return every pair of a batch: indices of the one, of the other, and whether labels agree.

    Shape: labels (N,), each result (N (N - 1) / 2,).

    Raises:
        ValueError: there are fewer than two labels.

    >>> [part.tolist() for part in all_pairs(torch.tensor([7, 2, 7]))]
    [[0, 0, 1], [1, 2, 2], [False, True, False]]
    """
    if labels.dim() != 1 or len(labels) < 2:
        raise ValueError(f"labels: expected at least two, got shape {tuple(labels.shape)}")
    one, other = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
    return one, other, labels[one] == labels[other]


class ContrastiveLoss(nn.Module):
    """Pull pairs of the same kind together, push others apart up to a margin.

    E = mean over the pairs of d^2 / 2 for a pair of the same kind and max(0, margin - d)^2 / 2 for
    another, d the Euclidean distance of the two points a and b. The gradient at a is a - b, a
    spring, or -(margin - d) (a - b) / d, a spring that pushes and is slack beyond the margin. The
    second term keeps the map from sending everything to one point.

    Shape: a and b (N, D), same (N,) of booleans; the loss is a scalar >= 0.

    Raises:
        ValueError: the margin is not positive, or the shapes do not fit.

    Source: hadsell2006dimensionality, where Y = 0 is a similar pair.

    Deviations: two different items at one point, where the paper's gradient is not defined, do not
    move each other.

    >>> a, b = torch.tensor([[0.0, 0.0], [0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 0.5]])
    >>> ContrastiveLoss()(a, b, torch.tensor([True, False])).item()  # (25 / 2 + 0.5^2 / 2) / 2
    6.3125
    """

    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()
        check_finite("margin", margin, positive=True)
        self.margin = margin

    def forward(self, a: Tensor, b: Tensor, same: Tensor) -> Tensor:
        """Return the mean over the pairs."""
        _check("b", a, b)
        if same.shape != a.shape[:1] or same.dtype != torch.bool:
            raise ValueError(
                f"same: expected {len(a)} booleans, got {tuple(same.shape)} of {same.dtype}"
            )
        squares = (a - b).square().sum(1)
        # The root has no slope at 0: what is there gets another root, and no gradient.
        apart = squares > 0
        d = torch.where(apart, squares, 1.0).sqrt() * apart
        push = (self.margin - d).clamp_min(0).square()
        return torch.where(same, squares, push).mean() / 2

    def extra_repr(self) -> str:
        """Show the margin."""
        return f"margin={self.margin}"


class TripletLoss(nn.Module):
    """Ask that an item is nearer to one of its kind than to another, by a margin.

    E = mean of max(0, |a - p|^2 - |a - n|^2 + margin) over triplets of an anchor a, a positive p
    and a negative n. Where the margin is not met the gradients are 2 (n - p) at a, 2 (p - a) at p
    and 2 (a - n) at n. Only differences of squared distances count, not the distances.

    Shape: anchor, positive and negative (N, D); the loss is a scalar >= 0.

    Raises:
        ValueError: the margin is not positive, or the shapes do not fit.

    Source: schroff2015facenet, with margin 0.2 and points of length 1.

    >>> a, p, n = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 0.5]])
    >>> TripletLoss(0.5)(a, p, n).item()  # 1 - 0.25 + 0.5
    1.25
    """

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__()
        check_finite("margin", margin, positive=True)
        self.margin = margin

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return the mean over the triplets."""
        _check("positive", anchor, positive)
        _check("negative", anchor, negative)
        near, far = ((anchor - other).square().sum(1) for other in (positive, negative))
        return (near - far + self.margin).clamp_min(0).mean()

    def extra_repr(self) -> str:
        """Show the margin."""
        return f"margin={self.margin}"
