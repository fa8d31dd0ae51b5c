import os
import signal
import subprocess
import sys
import textwrap

import pytest

from cnnhistory.training.stopping import Stopped, signal_of, stoppable

SCRIPT = """
import os, signal, sys
import pytorch_lightning as pl
sys.path.insert(0, {tests!r})
from conftest import Blobs, small_network
from cnnhistory.tasks.classification import Classifier
from cnnhistory.training.fitting import fit
from cnnhistory.training.stopping import Stopped

class Send(pl.Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.current_epoch == {epoch} and batch_idx == 1:
            os.kill(os.getpid(), signal.{name})

before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
try:
    fit(Classifier(small_network()), Blobs(), epochs=4, directory={directory!r},
        trainer={{"accelerator": "cpu"}}, callbacks=[Send()])
except Stopped as stop:
    print(stop, stop.status)
assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
"""


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("epoch", [0, 2])
def test_signals_say_how_to_go_on(name, status, epoch, tmp_path):
    tests = os.path.dirname(os.path.dirname(__file__))
    script = textwrap.dedent(SCRIPT).format(
        tests=tests, directory=str(tmp_path), name=name, epoch=epoch
    )
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    how = f"to go on from {tmp_path}/last.ckpt, say the same with --resume (resume=True)"
    if epoch == 0:
        how = "no epoch was complete, so it has to start again"
    assert done.stdout == f"stopped by {name} after {epoch} of 4 epochs; {how} {status}\n"


def test_sigterm_is_an_exception_in_the_body_only():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped, match="stopped by SIGTERM") as stop, stoppable():
        os.kill(os.getpid(), signal.SIGTERM)
    assert stop.value.status == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_signal_behind_an_exit_is_found():
    def end_as_lightning_does():
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            sys.exit(1)

    with pytest.raises(SystemExit) as end:
        end_as_lightning_does()
    assert signal_of(end.value) == signal.SIGINT
    assert signal_of(SystemExit(3)) is None
