"""Numbers as text: counts and sizes with a unit."""

from __future__ import annotations

import math
from collections.abc import Sequence


def count_text(count: float) -> str:
    """Return a count with three digits and a unit; from 1,000 on k, M or G.

    >>> count_text(724_406_816), count_text(15_470_264_320), count_text(156)
    ('724 M', '15.5 G', '156')

    Raises:
        ValueError: the count is negative or no finite number.
    """
    return _with_unit("count", count, (("G", 1e9), ("M", 1e6), ("k", 1e3)), "")


def size_text(nbytes: float) -> str:
    """Return a number of bytes with three digits and a unit: B, kB, MB or GB, in powers of 1,000.

    >>> size_text(4), size_text(10_000), size_text(1.5e6)
    ('4 B', '10 kB', '1.5 MB')

    Raises:
        ValueError: the number is negative or not finite.
    """
    return _with_unit("nbytes", nbytes, (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)), " B")


def _with_unit(name: str, value: float, units: Sequence[tuple[str, float]], smallest: str) -> str:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}: expected a finite number of at least 0, got {value!r}")
    for unit, size in units:
        if value >= 0.9995 * size:  # what rounds to 1,000 of a unit is 1 of the next one
            share = value / size
            text = f"{share:.{max(0, 2 - math.floor(math.log10(max(share, 1.0))))}f}"
            return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"
    return f"{value:g}{smallest}"
