"""Threads of our own for the kernels.

numba could share its loops among threads itself, but then a call of `numba.set_num_threads`
changes how many threads torch uses, and an idle pool of either keeps the cores of the other busy.
The kernels run without Python's lock, so plain threads do, and they wait asleep.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from queue import SimpleQueue
from typing import Any

_Answer = SimpleQueue[BaseException | None]
_Order = tuple[Callable[..., object], tuple[Any, ...], _Answer]


class _Pool:
    def __init__(self) -> None:
        self.process = os.getpid()
        self.orders: SimpleQueue[_Order] = SimpleQueue()
        self.workers = 0
        self.lock = threading.Lock()

    def grow(self, workers: int) -> None:
        with self.lock:
            while self.workers < workers:
                threading.Thread(target=self.work, daemon=True).start()
                self.workers += 1

    def work(self) -> None:
        while True:
            function, arguments, answer = self.orders.get()
            try:
                function(*arguments)
                answer.put(None)
            except BaseException as error:
                answer.put(error)


_pool = _Pool()


def run(function: Callable[..., object], tasks: Sequence[tuple[Any, ...]]) -> None:
    """Call `function(*task)` for every task at the same time, and wait for all.

    The first task runs in the calling thread.

    Raises:
        Whatever the function raises, when all tasks have ended.
    """
    global _pool
    if _pool.process != os.getpid():  # a fork has no threads but the one that forked
        _pool = _Pool()
    if len(tasks) == 1:
        function(*tasks[0])
        return
    _pool.grow(len(tasks) - 1)
    answers: _Answer = SimpleQueue()
    for task in tasks[1:]:
        _pool.orders.put((function, task, answers))
    try:
        for task in tasks[:1]:
            function(*task)
    finally:
        errors = [answers.get() for _ in tasks[1:]]
    for error in errors:
        if error is not None:
            raise error


def share(
    images: int, tiles: int, blocks: int, threads: int
) -> list[tuple[tuple[int, int], tuple[int, int], tuple[int, int]]]:
    """Divide the work of a convolution: ranges of images, tiles and channel blocks per thread.

    Whole images come first. Where they do not come out even, every image is divided, by its tiles
    if that is the fairer division, else by its channels.

    >>> share(8, 28, 16, 2)
    [((0, 4), (0, 28), (0, 16)), ((4, 8), (0, 28), (0, 16))]
    >>> share(1, 7, 32, 2)
    [((0, 1), (0, 7), (0, 16)), ((0, 1), (0, 7), (16, 32))]
    """
    whole = ((0, images), (0, tiles), (0, blocks))
    if threads == 1:
        return [whole]
    # how much longer the largest share is than a fair one
    excess = [-(-count // threads) * threads / count for _, count in whole]
    axis = excess.index(min(excess))
    parts = []
    for first, last in _ranges(whole[axis][1], threads):
        part = list(whole)
        part[axis] = (first, last)
        parts.append((part[0], part[1], part[2]))
    return parts


def _ranges(count: int, parts: int) -> list[tuple[int, int]]:
    marks = [count * part // parts for part in range(parts + 1)]
    return [(a, b) for a, b in pairwise(marks) if a < b]
