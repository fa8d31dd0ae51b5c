"""Timing two functions against each other."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

WARM_UP = 2
# Processor time instead of the clock on the wall, for one thread on a machine that others use.
processor_time = False


def now() -> float:
    """Return the time in seconds, by the clock in use."""
    return time.process_time() if processor_time else time.perf_counter()


@dataclass(frozen=True)
class Record:
    """How long ours and the peer take for one case.

    `ratio` is the peer's median over ours, so above 1 ours is faster; `spread` has the quartiles
    of the ratios of neighboring runs. `deviation`, where it is given, is the largest difference of
    their outputs over the largest output.

    Units: milliseconds.
    """

    case: str
    ours_ms: float
    peer: str
    peer_ms: float
    ratio: float
    spread: tuple[float, float]
    deviation: float | None = None

    def __str__(self) -> str:
        low, high = self.spread
        apart = "" if self.deviation is None else f", outputs differ by {self.deviation:.2%}"
        return (
            f"{self.case:44} ours {self.ours_ms:9.2f} ms   peer {self.peer_ms:9.2f} ms   "
            f"ratio {self.ratio:5.2f} ({low:.2f} to {high:.2f})   {self.peer}{apart}"
        )


def compare(
    case: str,
    ours: Callable[[], object],
    peer_name: str,
    peer: Callable[[], object],
    repeat: int = 15,
    warm: bool = False,
    deviation: float | None = None,
) -> Record:
    """Time two functions in turn, `repeat` times each, and return the medians.

    Which of the two goes first changes from turn to turn, so that neither always finds the
    caches and the clock of the processor as the other left them. With `warm` each timed call
    follows one of the same function that is not timed, and finds them as that one left them.
    `deviation` is put into the record.

    Raises:
        ValueError: `repeat` is below 1.
    """
    if repeat < 1:
        raise ValueError(f"repeat: expected at least 1, got {repeat}")
    seconds: dict[bool, list[float]] = {True: [], False: []}
    gc.collect()
    gc.disable()
    try:
        for turn in range(-WARM_UP, repeat):
            for is_ours in (True, False) if turn % 2 else (False, True):
                function = ours if is_ours else peer
                if warm:
                    function()
                start = now()
                function()
                elapsed = now() - start
                if turn >= 0:
                    seconds[is_ours].append(elapsed)
    finally:
        gc.enable()
    ratios = [p / o for o, p in zip(seconds[True], seconds[False], strict=True)]
    low, _, high = statistics.quantiles(ratios, n=4) if repeat > 1 else ratios * 3
    ours_ms, peer_ms = (1e3 * statistics.median(seconds[is_ours]) for is_ours in (True, False))
    return Record(
        case,
        round(ours_ms, 3),
        peer_name,
        round(peer_ms, 3),
        round(peer_ms / ours_ms, 3),
        (round(low, 3), round(high, 3)),
        deviation,
    )
