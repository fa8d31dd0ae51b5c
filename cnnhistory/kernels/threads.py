"""Threads of our own for the kernels.

numba could share its loops among threads itself, but then a call of `numba.set_num_threads`
changes how many threads torch uses, and an idle pool of either keeps the cores of the other busy.
Here a helper looks for a next job for some fifty microseconds, as long as the step from one layer
of a network to the next takes, and then sleeps. To wake it takes as long again, in which the
calling thread works alone: all threads take part after part of a job until none is left.
"""

from __future__ import annotations

import os
import threading
import time

import numpy as np

from cnnhistory.kernels.compiler import compiled_kernels
from cnnhistory.kernels.jobs import BOX_LENGTH, THREADS
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


class _Crew:
    def __init__(self) -> None:
        self.process = os.getpid()
        self.helpers: list[_Helper] = []
        self.lock = threading.Lock()


_crew = _Crew()


def do(job: Ints, threads: int) -> None:
    """Do a job with up to `threads` threads, the calling one among them.

    If another thread has the helpers at work, the calling one does its job alone.

    Args:
        job: see `jobs.new_job`; its counters are used up. Its addresses must stay valid until the
            end.
        threads: at least 1.
    """
    kernels = compiled_kernels()
    job[THREADS] = threads
    if threads == 1:
        kernels.work(job)
        return
    global _crew
    if _crew.process != os.getpid():  # a fork has no threads but the one that forked
        _crew = _Crew()
    crew = _crew
    if not crew.lock.acquire(blocking=False):
        kernels.work(job)
        return
    helpers: list[_Helper] = []
    try:
        while len(crew.helpers) < threads - 1:
            crew.helpers.append(_Helper())
        helpers = crew.helpers[: threads - 1]
        for helper in helpers:
            if kernels.post(helper.box, job):
                helper.bell.release()
        kernels.work(job)
    finally:
        for helper in helpers:
            while not kernels.is_free(helper.box, _PATIENCE):
                time.sleep(0)
        crew.lock.release()
