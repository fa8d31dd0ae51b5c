"""Saying in a chapter what its cells have shown, with the number that shows it."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Protocol, SupportsFloat

from cnnhistory._util.lookup import expected
from cnnhistory._util.text import measured as measured_text

_RELATIONS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "at_least": ("≥", operator.ge),
    "over": (">", operator.gt),
    "at_most": ("≤", operator.le),
    "below": ("<", operator.lt),
}


def confirm(
    sentence: str,
    measured: Any,
    *,
    at_least: SupportsFloat | None = None,
    over: SupportsFloat | None = None,
    at_most: SupportsFloat | None = None,
    below: SupportsFloat | None = None,
    equals: SupportsFloat | None = None,
    within: float = 0,
    unit: str = "",
) -> None:
    """Print a sentence with the measured value and its bound if it holds, else stop with it.

    `{bound}` in the sentence becomes the bound, so that sentence and test cannot differ; with a
    lower and an upper bound these are `{low}` and `{high}`. What is measured stands in brackets at
    the end, `[measured: 5.31 ≥ 4]`: the tests of the book compare the sentence and leave out the
    brackets, since the last digits differ between machines.

    What is a fact without a number, such as "both give the same scores", is given as a truth value
    alone. Two networks on the same items, or over seeds, are compared by `confirm_test`.

    Args:
        sentence: what is claimed.
        measured: the number that shows it; or a truth value, without any bound.
        at_least: the smallest number with which the sentence holds.
        over: a number that must be exceeded.
        at_most: the largest number with which the sentence holds.
        below: a number that must not be reached.
        equals: the number that is expected, up to `within`.
        within: how far from `equals` the measured number may be.
        unit: put behind every number; "%" shows fractions as percent, 0.05 as "5 %".

    Raises:
        AssertionError: the sentence does not hold; NaN never does.
        ValueError: a number without a bound, or bounds that do not belong together.

    >>> confirm("moved by 5 pixels, all err at least {bound} times as often", 5.31, at_least=4)
    confirmed: moved by 5 pixels, all err at least 4 times as often [measured: 5.31 ≥ 4]
    >>> confirm("two is even", 2 % 2 == 0)
    confirmed: two is even
    """
    named = {"at_least": at_least, "over": over, "at_most": at_most, "below": below}
    bounds = {name: float(value) for name, value in named.items() if value is not None}
    if equals is None and not bounds:
        # A number would be true whatever it is. Tensors and arrays of truth values have a dtype.
        if "bool" not in str(getattr(measured, "dtype", type(measured))):
            raise expected("measured", "a truth value, or a number and its bound", measured)
        _say(sentence, "", bool(measured))
        return
    lower = [bounds[name] for name in ("at_least", "over") if name in bounds]
    upper = [bounds[name] for name in ("at_most", "below") if name in bounds]
    if len(lower) > 1 or len(upper) > 1 or (equals is not None and bounds):
        raise ValueError(
            "at_least, over, at_most, below, equals: expected one lower and one upper bound at "
            f"most, or equals alone, got {', '.join(bounds)}"
            f"{', equals' if equals is not None else ''}"
        )
    value = float(measured)

    def shown(number: float) -> str:
        return number_text(number, unit)

    if equals is not None:
        holds = abs(value - float(equals)) <= within
        near = f" ± {shown(within)}" if within else ""
        evidence, fields = f"{shown(value)} = {shown(float(equals))}{near}", [float(equals)]
    else:
        holds = all(_RELATIONS[name][1](value, bound) for name, bound in bounds.items())
        fields = lower + upper
        if lower and upper:
            first = "≤" if "at_least" in bounds else "<"
            second = "≤" if "at_most" in bounds else "<"
            evidence = f"{shown(lower[0])} {first} {shown(value)} {second} {shown(upper[0])}"
        else:
            ((name, bound),) = bounds.items()
            evidence = f"{shown(value)} {_RELATIONS[name][0]} {shown(bound)}"
    places = {"bound": shown(fields[0]), "low": shown(fields[0]), "high": shown(fields[-1])}
    if "{" in sentence:
        sentence = sentence.format(**places)
    _say(sentence, evidence, holds)


class Test(Protocol):
    """What `confirm_test` needs of a comparison; those of `cnnhistory.metrics` have it."""

    @property
    def lower(self) -> str | None:
        """The name of the one with the lower results, None if they cannot be told apart."""

    @property
    def conclusion(self) -> str:
        """What the test says, without numbers."""

    @property
    def evidence(self) -> str:
        """The numbers."""


def confirm_test(test: Test, *, lower: str | None) -> None:
    """Print what a comparison found if it is what the text says, else stop with it.

    Args:
        test: from `metrics.comparison.mcnemar`, `metrics.seeds.t_test` or `permutation_test`.
        lower: the name of the one that must have the lower results (fewer errors); None: the two
            cannot be told apart.

    Raises:
        AssertionError: the test found something else.

    >>> from cnnhistory.metrics.comparison import mcnemar
    >>> wrong = [True] * 8 + [False] * 92, [False] * 100
    >>> confirm_test(mcnemar(*wrong, names=("the old", "the new")), lower="the new")
    confirmed: the new makes fewer errors than the old
               [measured: of 100 items the old alone has 8 wrong, the new alone 0; exact
               McNemar test, p = 0.0078; 8 points]
    """
    _say(test.conclusion, test.evidence, test.lower == lower)


def _say(sentence: str, evidence: str, holds: bool) -> None:
    if not holds:
        brackets = f" [measured: {evidence}]" if evidence else ""
        raise AssertionError(f"does not hold: {sentence}{brackets}")
    said = f"confirmed: {sentence}"
    print(measured_text(said, evidence, indent=" " * len("confirmed: ")) if evidence else said)


def number_text(value: float, unit: str = "") -> str:
    """Return a number with three digits and its unit; "%" shows a fraction as percent.

    >>> number_text(0.0531, "%"), number_text(340_908), number_text(1.7159, "s")
    ('5.31 %', '340,908', '1.72 s')
    """
    if unit == "%":
        value = 100 * value
    whole = float(value).is_integer() or abs(value) >= 1000
    text = f"{value:,.0f}" if whole else f"{value:.3g}"
    return f"{text} {unit}".rstrip()
