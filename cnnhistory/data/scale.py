"""The one switch: run small (offline, at most 75 s a notebook) or full (the paper's data)."""

from __future__ import annotations

import os
from typing import Literal, TypeVar

from cnnhistory._util.lookup import expected

Scale = Literal["small", "full"]
T = TypeVar("T")

VARIABLE = "CNNHISTORY_SCALE"
SCALES: tuple[Scale, ...] = ("small", "full")


def check(scale: str) -> Scale:
    """`scale` itself, if it is `"small"` or `"full"`.

    Raises:
        ValueError: `scale` is anything else.
    """
    if scale not in SCALES:
        raise expected("scale", "one of small, full", scale)
    return scale


def current() -> Scale:
    """The scale that the environment asks for; `"small"` where it says nothing.

    Raises:
        ValueError: `CNNHISTORY_SCALE` holds anything but `small` or `full`.
    """
    value = os.environ.get(VARIABLE) or "small"
    if value not in SCALES:
        raise expected(VARIABLE, "one of small, full", value)
    return value


def pick(*, small: T, full: T) -> T:
    """The one of the two values that belongs to the current scale."""
    return small if current() == "small" else full


def describe() -> str:
    """One line, short enough for a phone, that says which scale runs and how to get the other.

    >>> describe()
    'Scale: small (or set CNNHISTORY_SCALE=full).'
    """
    scale = current()
    other = "full" if scale == "small" else "small"
    return f"Scale: {scale} (or set {VARIABLE}={other})."
