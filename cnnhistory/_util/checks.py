"""Checks of the numbers that a network is built with."""

import math
from numbers import Integral, Real

from cnnhistory._util.lookup import expected


def check_counts(at_least: int = 1, /, **counts: object) -> None:
    """Refuse what is not a whole number, or too small a one.

    Raises:
        ValueError: the first that is not; the message has its name.

    >>> check_counts(num_classes=10, in_channels=0)
    Traceback (most recent call last):
    ValueError: in_channels: expected a whole number, at least 1, got 0
    """
    for name, count in counts.items():
        if not isinstance(count, Integral) or isinstance(count, bool) or count < at_least:
            raise expected(name, f"a whole number, at least {at_least}", count)


def check_share(name: str, share: object) -> None:
    """Refuse what is not a part of 1 that leaves something: 0, or between 0 and 1.

    Raises:
        ValueError: it is not.

    >>> check_share("dropout", float("nan"))
    Traceback (most recent call last):
    ValueError: dropout: expected at least 0 and below 1, got nan
    """
    if not isinstance(share, Real) or not 0 <= float(share) < 1:
        raise expected(name, "at least 0 and below 1", share)


def check_finite(name: str, number: object, *, positive: bool = False) -> None:
    """Refuse infinity and what is not a number, with `positive` also what is not above 0.

    Raises:
        ValueError: it is.

    >>> check_finite("width", float("inf"), positive=True)
    Traceback (most recent call last):
    ValueError: width: expected a positive number, got inf
    """
    if not isinstance(number, Real) or not math.isfinite(number) or (positive and number <= 0):
        raise expected(name, "a positive number" if positive else "a finite number", number)
