"""Errors for what was asked for and is not there, and for values outside what is allowed."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable


class UnknownIdError(KeyError):
    """Nothing of that kind goes by this id."""

    def __str__(self) -> str:
        # KeyError would show the repr of the message, quotes and all.
        return str(self.args[0])


def unknown_id(kind: str, id: object, known: Iterable[str], listing: str = "") -> UnknownIdError:
    """Return the error for an id that is not among `known`, naming the nearest ones.

    `listing` is what shows all of them; without it the first few are named.

    >>> print(unknown_id("model", "lenet-5", ["lenet5", "resnet18"], "list_models()"))
    unknown model 'lenet-5'; did you mean 'lenet5'? list_models() gives all of them
    >>> print(unknown_id("layer", "z", ["conv1", "conv2"]))
    unknown layer 'z'; there are conv1, conv2
    """
    names = list(known)
    near = difflib.get_close_matches(str(id).lower(), names)
    parts = []
    if near:
        parts.append(f"did you mean {' or '.join(repr(name) for name in near)}?")
    if listing:
        parts.append(f"{listing} gives all of them")
    elif not near:
        more = ", ..." if len(names) > 12 else ""
        parts.append(f"there are {', '.join(names[:12])}{more}" if names else "there are none")
    return UnknownIdError(f"unknown {kind} {id!r}; {' '.join(parts)}")


def expected(name: str, wanted: str, got: object) -> ValueError:
    """Return the error for an argument that has another value than it may have.

    >>> print(expected("epochs", "at least 1", 0))
    epochs: expected at least 1, got 0
    """
    return ValueError(f"{name}: expected {wanted}, got {got!r}")


def check_one_of(name: str, value: object, known: Iterable[object]) -> None:
    """Refuse a value that is not among `known`.

    Raises:
        ValueError: it is not; the message lists `known`.

    >>> check_one_of("mode", "big", ("small", "full"))
    Traceback (most recent call last):
    ValueError: mode: expected one of small, full, got 'big'
    """
    values = tuple(known)
    if value not in values:
        raise expected(name, f"one of {', '.join(map(str, values))}", value)


def check_integer(name: str, value: object, least: int, most: int | None = None) -> None:
    """Refuse what is no integer, or one that is below `least` or above `most`.

    Raises:
        ValueError: it is refused; the message says what is allowed.

    >>> check_integer("pad", 4, 0, 32)
    >>> check_integer("pad", 33, 0, 32)
    Traceback (most recent call last):
    ValueError: pad: expected an integer from 0 to 32, got 33
    >>> check_integer("batch_size", 0.5, 1)
    Traceback (most recent call last):
    ValueError: batch_size: expected an integer of at least 1, got 0.5
    """
    try:
        # True is an index too, and no number that anybody means.
        number = None if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or number < least or (most is not None and number > most):
        allowed = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise expected(name, f"an integer {allowed}", value)
