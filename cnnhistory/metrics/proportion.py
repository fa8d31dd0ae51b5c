"""Uncertainty of a counted error rate."""

from typing import NamedTuple

from scipy.stats import binomtest


class Interval(NamedTuple):
    """A range that holds the true value with a stated confidence."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (int, float)) and self.low <= value <= self.high

    def overlaps(self, other: "Interval") -> bool:
        """Say whether the two ranges share a value."""
        return self.low <= other.high and other.low <= self.high


def binomial_interval(errors: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of an error rate of `errors` in `n` independent trials.

    Units: both ends are fractions in [0, 1].

    Raises:
        ValueError: not 0 <= errors <= n with n > 0, or confidence not strictly between 0 and 1.

    >>> low, high = binomial_interval(95, 10_000)
    >>> f"{100 * low:.2f} % to {100 * high:.2f} %"
    '0.78 % to 1.16 %'
    """
    if not (n > 0 and 0 <= errors <= n):
        raise ValueError(f"errors, n: expected 0 <= errors <= n and n > 0, got {errors} and {n}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number between 0 and 1, got {confidence}")
    ci = binomtest(int(errors), int(n)).proportion_ci(confidence, method="wilson")
    return Interval(float(ci.low), float(ci.high))
