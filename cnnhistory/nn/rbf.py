"""Radial basis function layers."""

import torch
from torch import Tensor, nn


class EuclideanRBF(nn.Module):
    """Measure the squared Euclidean distance to each of K fixed code vectors.

    y_i = sum over j of (x_j - w_ij)^2. The codes w are chosen by hand and not trained; they are a
    buffer of the module. Small output i means that the input looks like code i.

    Shape: input (N, D), output (N, K), for codes of shape (K, D).

    Raises:
        ValueError: the codes are not two-dimensional, or the input has another width than they.

    Source: lecun1998gradient, Section II-B, equation (7).
    """

    codes: Tensor

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        if codes.dim() != 2:
            raise ValueError(f"codes: expected shape (classes, features), got {tuple(codes.shape)}")
        # Under `torch.device("meta")` the whole network goes there, codes included.
        self.register_buffer("codes", codes.to(torch.get_default_device()).clone())

    def forward(self, x: Tensor) -> Tensor:
        """Return the distances, all >= 0."""
        if x.shape[-1] != self.codes.shape[1]:
            raise ValueError(f"input: expected {self.codes.shape[1]} features, got {x.shape[-1]}")
        return (x[:, None, :] - self.codes).square().sum(dim=-1)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"classes={self.codes.shape[0]}, features={self.codes.shape[1]}"


def bitmap(rows: str) -> Tensor:
    """Read a drawing of ``#`` and ``.`` into a flat vector of +1 (ink) and -1 (paper).

    >>> bitmap("#. .#").tolist()
    [1.0, -1.0, -1.0, 1.0]
    """
    cells = "".join(rows.split())
    if set(cells) - {"#", "."}:
        raise ValueError(f"rows: expected only '#' and '.', got {sorted(set(cells))}")
    return torch.tensor([1.0 if cell == "#" else -1.0 for cell in cells], device="cpu")
