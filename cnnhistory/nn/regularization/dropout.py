"""Dropout written out, and the average of all networks that it draws from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_counts, check_share
from cnnhistory._util.lookup import check_one_of, expected

MOST_UNITS = 16  # as many networks as 2 to this power are enumerated


class Dropout(nn.Module):
    """Silence each unit at random, anew for every example and in every step.

    In training y = m x / (1 - rate), with m = 0 with the probability `rate` and 1 otherwise; in
    evaluation mode y = x. The division keeps the expectation of y at x ("inverted"); torch's layer
    does the same. The paper's form divides by nothing in training and multiplies with 1 - rate
    afterwards: the same network, with smaller values throughout.

    Shape: any; the output the same.

    Raises:
        ValueError: `rate` is not at least 0 and below 1.

    Source: hinton2012improving; srivastava2014dropout, where p = 1 - rate, and for the inverted
    form.

    >>> layer = Dropout(0.5).eval()
    >>> layer(torch.tensor([1.0, 2.0])).tolist()
    [1.0, 2.0]
    >>> Dropout(0.5, inverted=False).eval()(torch.tensor([1.0, 2.0])).tolist()
    [0.5, 1.0]
    """

    def __init__(self, rate: float = 0.5, *, inverted: bool = True) -> None:
        super().__init__()
        check_share("rate", rate)
        self.rate, self.inverted = rate, inverted

    def forward(self, x: Tensor) -> Tensor:
        """Return the values, in training with some of them silenced."""
        keep = 1 - self.rate
        if not self.training:
            return x if self.inverted else keep * x
        kept = torch.rand_like(x) < keep
        return x * kept / keep if self.inverted else x * kept

    def extra_repr(self) -> str:
        """Show the rate and the form."""
        return f"{self.rate}" if self.inverted else f"{self.rate}, inverted=False"


def all_masks(units: int, rate: float = 0.5) -> tuple[Tensor, Tensor]:
    """Return every way to silence some of n units, and the probability of each.

    Shape: masks (2^n, n) of 0 and 1, probabilities (2^n,), which add up to 1.

    Raises:
        ValueError: there are fewer than 1 or more than 16 units, or the rate is out of range.

    >>> masks, probabilities = all_masks(2, rate=0.25)
    >>> masks.tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    >>> probabilities.tolist()
    [0.0625, 0.1875, 0.1875, 0.5625]
    """
    check_counts(units=units)
    check_share("rate", rate)
    if units > MOST_UNITS:
        raise expected("units", f"at most {MOST_UNITS}", units)
    digits = torch.arange(units).flip(0)
    masks = (torch.arange(2**units)[:, None] >> digits & 1).float()
    kept = masks.sum(1)
    return masks, (1 - rate) ** kept * rate ** (units - kept)


def average_of_networks(log_p: Tensor, weights: Tensor, mean: str = "geometric") -> Tensor:
    """Average the class probabilities of many networks.

    "arithmetic": sum over the networks m of w_m p_m. "geometric": the product of p_m^(w_m), divided
    by its sum over the classes, which is a softmax over the average of the log-probabilities. If
    networks differ only in which inputs of a last softmax layer are silenced, the geometric mean
    is what the one network with all inputs times 1 - rate says.

    Shape: log_p (M, ..., K) for M networks, weights (M,) with sum 1; the result (..., K).

    Raises:
        ValueError: there is not one weight for each network, or `mean` is neither word.

    Source: hinton2012improving; baldi2013understanding.

    >>> p = torch.tensor([[0.5, 0.5], [0.9, 0.1]])
    >>> half = torch.tensor([0.5, 0.5])
    >>> [round(v, 4) for v in average_of_networks(p.log(), half).tolist()]  # 3 : 1, odds 1 and 9
    [0.75, 0.25]
    >>> [round(v, 4) for v in average_of_networks(p.log(), half, "arithmetic").tolist()]
    [0.7, 0.3]
    """
    check_one_of("mean", mean, ("arithmetic", "geometric"))
    if weights.shape != log_p.shape[:1] or not len(weights):
        raise ValueError(f"weights: expected {len(log_p)}, got {tuple(weights.shape)}")
    if mean == "geometric":
        return torch.tensordot(weights, log_p, 1).softmax(-1)
    return torch.tensordot(weights, log_p.exp(), 1)
