"""L1 regularization: a price on the size of numbers, under which many of them become zero."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import expected


class L1Penalty(nn.Module):
    """Add up the sizes of numbers, to be added to a loss.

    E = strength * sum of |w|. The gradient is strength * sign(w): the same pull whether a number is
    large or small, so that small ones do not only shrink, as under a penalty of squares, but arrive
    at zero. Plain gradient steps jump to and fro over it; `soft_threshold` stops there.

    Shape: any tensors; the penalty is a scalar >= 0.

    Raises:
        ValueError: the strength is negative or not finite, or there is no tensor.

    Source: tibshirani1996regression.

    >>> L1Penalty(0.5)([torch.tensor([1.0, -2.0]), torch.tensor([[3.0]])]).item()
    3.0
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = _amount("strength", strength)

    def forward(self, tensors: Iterable[Tensor]) -> Tensor:
        """Return the penalty."""
        sizes = [tensor.abs().sum() for tensor in tensors]
        if not sizes:
            raise expected("tensors", "at least one", sizes)
        return self.strength * torch.stack(sizes).sum()

    def extra_repr(self) -> str:
        """Show the strength."""
        return f"strength={self.strength}"


def _amount(name: str, value: float) -> float:
    check_finite(name, value)
    if value < 0:
        raise expected(name, "at least 0", value)
    return value


def soft_threshold(x: Tensor, amount: float, *, nonnegative: bool = False) -> Tensor:
    """Move all numbers by an amount toward zero; what would pass it becomes zero.

    s(x) = sign(x) max(0, |x| - amount) is the a that minimizes (a - x)^2 / 2 + amount |a|. If only
    a >= 0 is allowed, it is max(0, x - amount): a ReLU with the bias -amount.

    Shape: any; the result the same.

    Raises:
        ValueError: the amount is negative or not finite.

    Source: tibshirani1996regression.

    >>> x = torch.tensor([-3.0, -0.5, 0.25, 2.0])
    >>> soft_threshold(x, 1.0).tolist()
    [-2.0, -0.0, 0.0, 1.0]
    >>> soft_threshold(x, 1.0, nonnegative=True).tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    amount = _amount("amount", amount)
    if nonnegative:
        return (x - amount).relu()
    return x.sign() * (x.abs() - amount).relu()


@torch.no_grad()
def shrink_(parameters: Iterable[Tensor], amount: float) -> None:
    """Apply `soft_threshold` to parameters, in place.

    After each step of gradient descent with the rate r on a loss, with the amount r * strength,
    this minimizes the loss plus `L1Penalty(strength)` (proximal gradient descent), and weights
    become exactly zero.

    Raises:
        ValueError: the amount is negative or not finite.
    """
    for parameter in parameters:
        parameter.copy_(soft_threshold(parameter, amount))
