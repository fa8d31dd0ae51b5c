"""Ctrl-C and SIGTERM as one exception, with the exit status that shells expect."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytorch_lightning as pl


class Stopped(KeyboardInterrupt):
    """A signal ended the work; the message says how to go on.

    Units: `status` is 128 plus the number of the signal, what a process should exit with.
    """

    def __init__(self, message: str, signum: int = signal.SIGINT) -> None:
        super().__init__(message)
        self.signum = signum

    @property
    def status(self) -> int:
        """Exit status: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self.signum


def _raise(signum: int, frame: FrameType | None) -> None:
    raise Stopped(f"stopped by {signal.Signals(signum).name}", signum)


@contextmanager
def stoppable() -> Iterator[None]:
    """Run the body; SIGTERM raises `Stopped` in it. Handlers of signals come back as they were.

    Outside the main thread, where Python handles no signals, the body just runs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    if before[signal.SIGTERM] == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


class StopAtOnce(pl.Callback):
    """Let SIGTERM end training at once, like Ctrl-C.

    Lightning's own handler waits for the end of the batch, asks the other processes in the middle
    of whatever they do, and ends with the exit status 0.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the place of Lightning's handler, which it restores itself at the end."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _raise)


def signal_of(error: BaseException | None) -> int | None:
    """Return the signal behind an exception that came out of Lightning, None if there is none."""
    seen: list[Any] = []
    while error is not None and error not in seen:
        if isinstance(error, Stopped):
            return error.signum
        if isinstance(error, KeyboardInterrupt):
            return signal.SIGINT
        seen.append(error)
        error = error.__context__
    return None
