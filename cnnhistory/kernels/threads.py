"""Threads of our own for the kernels.

numba could share its loops among threads itself, but then a call of `numba.set_num_threads`
changes how many threads torch uses, and an idle pool of either keeps the cores of the other busy.
Here a helper looks for a next job for some fifty microseconds, as long as the step from one layer
of a network to the next takes, and then sleeps. To wake it takes as long again, in which the
calling thread works alone: all threads take part after part of a job until none is left.

An interrupt (Ctrl-C, or whatever a signal's handler raises) can come between any two lines here. No
helper may then go on reading memory that its owner gives back, and the next job must find the
helpers free. So the owner waits in any case, what a job reads is kept until every helper has left
it, and whose turn it is ends with the call that has it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable

import numpy as np

from cnnhistory.kernels.compiler import compiled_kernels
from cnnhistory.kernels.jobs import BOX_LENGTH, BOX_WAKE, THREADS
from cnnhistory.kernels.words import Ints

_LOOKS = 1000  # for a next job, before a helper sleeps
_PATIENCE = 10_000  # looks for the end of a helper's part, before its core may be needed


class _Helper:
    def __init__(self) -> None:
        self.box = np.zeros(BOX_LENGTH, np.int64)
        self.bell = threading.Lock()  # released once for each time that the helper fell asleep
        self.bell.acquire()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        kernels = compiled_kernels()
        while True:
            kernels.serve(self.box, _LOOKS)
            self.bell.acquire()

    def ring(self) -> None:
        """Wake the helper if its box says so; once too often does no harm."""
        if self.box[BOX_WAKE]:
            with contextlib.suppress(
                RuntimeError
            ):  # it was rung, and interrupted before it said so
                self.bell.release()
            self.box[BOX_WAKE] = 0


class _Turn:
    """The right to have the helpers at work, for as long as this object lives."""

    __slots__ = ("__weakref__",)


def _nobody() -> _Turn | None:
    return None


class _Crew:
    def __init__(self) -> None:
        self.process = os.getpid()
        self.helpers: list[_Helper] = []
        self.lock = threading.RLock()
        self.leader: Callable[[], _Turn | None] = _nobody
        self.kept: object = None  # what the helpers read and write

    def take(self, turn: _Turn) -> bool:
        """Give the helpers to a turn, unless another one has them."""
        with self.lock:
            if self.leader() is not None:
                return False
            self.leader = weakref.ref(turn)
            return True

    def hire(self, count: int) -> list[_Helper]:
        """Return so many helpers, or as many as can be started."""
        with contextlib.suppress(RuntimeError):  # no more threads in this process
            while len(self.helpers) < count:
                self.helpers.append(_Helper())
        return self.helpers[:count]

    def settle(self) -> None:
        """Wait until no helper is at a job, however often that is interrupted."""
        kernels = compiled_kernels()
        interrupt: BaseException | None = None
        while True:
            try:
                for helper in self.helpers:
                    helper.ring()
                    while not kernels.is_free(helper.box, _PATIENCE):
                        time.sleep(0)
                break
            except BaseException as error:
                interrupt = error
        self.kept = None
        if interrupt is not None:
            raise interrupt


_crew = _Crew()


def do(job: Ints, threads: int, *kept: object) -> None:
    """Do a job with up to `threads` threads, the calling one among them.

    If another thread has the helpers at work, or none can be started, the calling one does its job
    alone.

    Args:
        job: see `jobs.new_job`; its counters are used up.
        threads: at least 1.
        kept: what owns the memory at the addresses of the job; it is kept until the end, also when
            the call is interrupted.
    """
    kernels = compiled_kernels()
    job[THREADS] = threads
    if threads == 1:
        kernels.work(job)
        return
    global _crew
    if _crew.process != os.getpid():  # a fork has no threads but the one that forked
        _crew = _Crew()
    crew, turn = _crew, _Turn()
    if not crew.take(turn):
        kernels.work(job)
        return
    try:
        if crew.kept is not None:  # of an interrupted turn: a helper may still be at work
            crew.settle()
        helpers = crew.hire(threads - 1)
        crew.kept = job, kept
        for helper in helpers:
            kernels.post(helper.box, job)
            helper.ring()
        kernels.work(job)
    finally:
        try:
            crew.settle()
        finally:
            crew.leader = _nobody
