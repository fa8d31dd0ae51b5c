"""How long a falling curve takes to a level."""

from collections.abc import Sequence
from itertools import pairwise
from math import inf


def epochs_to(target: float, errors: Sequence[float]) -> float:
    """Return after how many epochs an error that is averaged over each epoch falls to a target.

    The average over epoch p stands for the middle of that epoch, p - 1/2; between two middles the
    error is taken to fall on a straight line. The first epoch below the target counts, also if
    the error rises again. Infinity, if there is none.

    Units: `target` and `errors` in the same unit; the result in epochs.

    Raises:
        ValueError: no error, or the first one is not above the target.

    >>> epochs_to(0.25, [0.6, 0.3, 0.2])
    2.0
    >>> epochs_to(0.1, [0.6, 0.3, 0.2])
    inf
    """
    if not errors or errors[0] <= target:
        first = errors[0] if errors else "none"
        raise ValueError(f"errors: expected a first one above {target}, got {first}")
    for done, (before, after) in enumerate(pairwise(errors), start=1):
        if after <= target:
            return done - 0.5 + (before - target) / (before - after)
    return inf
