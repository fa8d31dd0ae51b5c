"""The record of a statement and the functions that check statements."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

CHECKS = ("count", "rf", "algebra", "exp", "cite")
VERDICTS = ("correct", "imprecise", "wrong", "unverified", "opinion")


@dataclass(frozen=True)
class Statement:
    """One statement of the survey, in our words, and what is true.

    `id` is the entry's name and a number ("lenet-5.c1"), `system` the id of its record. `check`
    says how it is decided: by counting ("count"), from receptive fields ("rf"), by algebra or
    arithmetic ("algebra"), by a small experiment ("exp") or by looking it up ("cite").
    `verdict`, one of `VERDICTS`, is the judgment from the literature; a program that checks the
    statement has to come to the same one. `source` is a key of the bibliography, a comma and
    the place there.

    Raises:
        ValueError: `id`, `check` or `verdict` is not of these forms.
    """

    id: str
    system: str
    text: str
    check: str
    verdict: str
    truth: str
    source: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9-]+\.c[1-9]\d*", self.id):
            raise ValueError(f"id: expected a form like 'lenet-5.c1', got {self.id!r}")
        _one_of("check", self.check, CHECKS)
        _one_of("verdict", self.verdict, VERDICTS)


@dataclass(frozen=True)
class Finding:
    """What a program found: the verdict that follows, and the computed facts in words.

    Raises:
        ValueError: the verdict is not one of `VERDICTS`.
    """

    verdict: str
    computed: str

    def __post_init__(self) -> None:
        _one_of("verdict", self.verdict, VERDICTS)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name}: expected one of {', '.join(known)}, got {value!r}")


Checker = Callable[[], Finding]
CHECKERS: dict[str, Checker] = {}


def check(id: str) -> Callable[[Checker], Checker]:
    """Make the decorated function the one that decides a statement.

    It takes nothing and returns a `Finding` whose verdict depends on what it computed.

    Raises:
        ValueError: another function already decides it.
    """

    def decorate(checker: Checker) -> Checker:
        old = CHECKERS.get(id)
        # The same function again is a reloaded module.
        if old and (old.__module__, old.__qualname__) != (
            checker.__module__,
            checker.__qualname__,
        ):
            raise ValueError(f"{id} is already decided by {old.__module__}.{old.__qualname__}")
        CHECKERS[id] = checker
        return checker

    return decorate
