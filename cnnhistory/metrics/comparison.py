"""Is one classifier better than another on the same items? A test, and what it could have seen.

"No difference" says little without the smallest difference that the experiment would have
noticed, so the result carries it. Recipes that were trained from several seeds are compared in
`cnnhistory.metrics.seeds`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from scipy.stats import binom
from torch import Tensor

from cnnhistory._util.lookup import expected
from cnnhistory._util.text import measured


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What every test of A against B has: its p value, the level, and what the two are called."""

    p_value: float
    level: float
    names: tuple[str, str]

    @property
    def significant(self) -> bool:
        """Whether the two differ, at the level of the test."""
        return self.p_value <= self.level

    @property
    def difference(self) -> float:
        """The result of A minus that of B."""
        raise NotImplementedError

    @property
    def lower(self) -> str | None:
        """The name of the one with the lower results; None if they cannot be told apart."""
        return self.names[0 if self.difference < 0 else 1] if self.significant else None

    @property
    def higher(self) -> str | None:
        """The name of the one with the higher results; None if they cannot be told apart."""
        return self.names[1 if self.difference < 0 else 0] if self.significant else None

    @property
    def undecided(self) -> str:
        """The words for no difference."""
        return f"{self.names[0]} and {self.names[1]} cannot be told apart"

    @property
    def conclusion(self) -> str:
        """What the test says, without numbers."""
        raise NotImplementedError

    @property
    def evidence(self) -> str:
        """The numbers of the test."""
        raise NotImplementedError

    def __str__(self) -> str:
        return measured(self.conclusion, self.evidence, indent="    ")


@dataclass(frozen=True, kw_only=True)
class PairedErrors(Comparison):
    """Two classifiers on the same items, by the exact test of McNemar.

    Units: `n`, `only_a` and `only_b` count items: all, and those that A alone or B alone has
    wrong. `difference` and `smallest_difference` are fractions of the items; the first is the
    error rate of A minus that of B. `smallest_difference` is the true difference that the test
    would have called one with the probability `power`, on as many items of which as many are
    decided differently.
    """

    n: int
    only_a: int
    only_b: int
    smallest_difference: float
    power: float

    @property
    def difference(self) -> float:
        """The error rate of A minus that of B."""
        return (self.only_a - self.only_b) / self.n

    @property
    def conclusion(self) -> str:
        """What the test says, without numbers."""
        if self.lower is None:
            return self.undecided
        return f"{self.lower} makes fewer errors than {self.higher}"

    @property
    def evidence(self) -> str:
        """The numbers, with the smallest difference that could have been seen if none was."""
        a, b = self.names
        if self.significant:
            size = f"{100 * abs(self.difference):.2g} points"
        else:
            size = (
                f"a difference of {100 * self.smallest_difference:.2g} points would have been seen "
                f"with a probability of {100 * self.power:g} %"
            )
        return (
            f"of {self.n:,} items {a} alone has {self.only_a:,} wrong, {b} alone {self.only_b:,}; "
            f"exact McNemar test, p = {p_text(self.p_value)}; {size}"
        )


def mcnemar(
    wrong_a: Sequence[bool] | Tensor,
    wrong_b: Sequence[bool] | Tensor,
    *,
    level: float = 0.05,
    power: float = 0.8,
    names: tuple[str, str] = ("A", "B"),
) -> PairedErrors:
    """Compare two classifiers that answered the same items.

    Items that both have right or both have wrong say nothing. Of the m others, A has wrong k; if
    the two are equally good, k is the number of heads of m fair coins, and

        p = min(1, 2 P(K <= min(k, m - k))), K ~ Binomial(m, 1/2).

    For the smallest difference let q be the probability that A is the wrong one of the two on
    such an item: it is m (2 q - 1) / n for the smallest q > 1/2 with which p falls to `level` or
    below with the probability `power`. If m is too small for any p of that size, the smallest
    that suffices is taken.

    Shape: both (n,), True where the answer is wrong, the same items in the same order.

    Raises:
        ValueError: not as many answers of both and at least one, or a level or power outside
            (0, 1).

    Source: mcnemar1947note, in its exact form.

    >>> print(mcnemar([True] * 8 + [False] * 92, [False] * 100, names=("old", "new")))
    new makes fewer errors than old
        [measured: of 100 items old alone has 8 wrong, new alone 0; exact McNemar test, p =
        0.0078; 8 points]
    """
    a, b = (torch.as_tensor(wrong).bool() for wrong in (wrong_a, wrong_b))
    if a.dim() != 1 or a.shape != b.shape or len(a) == 0:
        got = f"shapes {tuple(a.shape)} and {tuple(b.shape)}"
        raise ValueError(f"wrong_a, wrong_b: expected as many answers of both, got {got}")
    check_open("level", level)
    check_open("power", power)
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    return PairedErrors(
        n=len(a),
        only_a=only_a,
        only_b=only_b,
        p_value=_sign_test(only_a, only_a + only_b),
        smallest_difference=_smallest_rate(only_a + only_b, level, power) / len(a),
        level=level,
        power=power,
        names=names,
    )


def _sign_test(heads: int, coins: int) -> float:
    return min(1.0, 2 * float(binom.cdf(min(heads, coins - heads), coins, 0.5)))


def _smallest_rate(discordant: int, level: float, power: float) -> float:
    """Return m (2 q - 1) for the q of `mcnemar`."""
    m = discordant
    while _sign_test(0, m) > level:
        m += 1
    few = max(k for k in range(m // 2 + 1) if _sign_test(k, m) <= level)

    def found(q: float) -> float:
        return float(binom.sf(m - few - 1, m, q) + binom.cdf(few, m, q))

    return m * (2 * bisect(found, power, 0.5, 1.0) - 1)


def bisect(function: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Return where a rising function reaches a target."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) >= target else (middle, high)
    return high


def check_open(name: str, value: float) -> None:
    """Refuse what is not between 0 and 1.

    Raises:
        ValueError: it is not.
    """
    if not 0 < value < 1:
        raise expected(name, "a number between 0 and 1", value)


def p_text(value: float) -> str:
    """Return a p value with two digits."""
    return "below 0.0001" if value < 1e-4 else f"{value:.2g}"
