import csv
import os
import signal
import subprocess
import sys
import textwrap

import pytest
import pytorch_lightning as pl
import torch

from cnnhistory.tasks.classification import Classifier, evaluate
from cnnhistory.training.fitting import fit
from cnnhistory.training.recipes import Adam


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


CPU = {"accelerator": "cpu"}
FILES = ["last.ckpt", "metrics.csv", "previous.ckpt"]


def trained(blobs, network, seed=0, optimizer=None, **keywords):
    torch.manual_seed(seed)
    module = Classifier(network(), optimizer=optimizer)
    return fit(module, blobs(), epochs=3, seed=seed, trainer=CPU, **keywords)


def test_learns(blobs, network):
    run = trained(blobs, network, optimizer=Adam(1e-2))
    assert evaluate(run.network, blobs().val_set).error < 0.2
    assert run.curve("train_loss")[-1] < run.curve("train_loss")[0]
    assert len(run.history) == 3
    assert run.seconds > 0


def test_same_seed_same_weights_other_seed_other_weights(blobs, network):
    first, again = trained(blobs, network), trained(blobs, network)
    assert torch.equal(weights(first.network), weights(again.network))
    assert not torch.equal(weights(first.network), weights(trained(blobs, network, 1).network))


def test_writes_metrics_and_checkpoint_only_when_asked(blobs, network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained(blobs, network)
    assert list(tmp_path.iterdir()) == []
    run = trained(blobs, network, directory=tmp_path / "run")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == FILES
    with open(tmp_path / "run" / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_error"]) for row in rows] == run.curve("val_error")


KILLED = """
import os, signal, sys
import pytorch_lightning as pl, torch
sys.path.insert(0, {tests!r})
from conftest import Blobs, small_network
from cnnhistory.tasks.classification import Classifier
from cnnhistory.training.fitting import fit

class Kill(pl.Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        if trainer.current_epoch == 2 and batch_idx == 2:
            os.kill(os.getpid(), signal.SIGKILL)

torch.manual_seed(0)
torch.set_num_threads(1)
fit(Classifier(small_network()), Blobs(), epochs=4, directory={directory!r},
    trainer={{"accelerator": "cpu"}}, callbacks=[Kill()])
"""


def test_killed_in_the_middle_of_an_epoch_and_resumed(blobs, network, tmp_path):
    script = textwrap.dedent(KILLED).format(
        tests=os.path.dirname(os.path.dirname(__file__)), directory=str(tmp_path)
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    with open(tmp_path / "metrics.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        keywords = {"epochs": 4, "trainer": CPU}
        torch.manual_seed(99)  # the resumed network must come from the checkpoint
        resumed = fit(Classifier(network()), blobs(), directory=tmp_path, resume=True, **keywords)
        torch.manual_seed(0)
        whole = fit(Classifier(network()), blobs(), **keywords)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(weights(resumed.network), weights(whole.network))
    assert resumed.curve("train_loss") == whole.curve("train_loss")
    assert len(resumed.history) == 4


def test_resuming_a_finished_run_changes_nothing(blobs, network, tmp_path):
    run = trained(blobs, network, directory=tmp_path)
    again = trained(blobs, network, directory=tmp_path, resume=True)
    assert torch.equal(weights(run.network), weights(again.network))
    assert run.history == again.history


def test_broken_checkpoint_is_named(blobs, network, tmp_path):
    trained(blobs, network, directory=tmp_path)
    path = tmp_path / "last.ckpt"
    path.write_bytes(path.read_bytes()[:1000])
    (tmp_path / "previous.ckpt").write_text("nonsense")
    with pytest.raises(ValueError, match=r"last\.ckpt is not a readable checkpoint"):
        trained(blobs, network, directory=tmp_path, resume=True)


def test_directory_that_cannot_be_made(blobs, network, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        trained(blobs, network, directory=tmp_path / "file" / "run")


def test_bad_settings_are_refused(blobs, network):
    with pytest.raises(ValueError, match="epochs: expected at least 1, got 0"):
        fit(Classifier(network()), blobs(), epochs=0)
    with pytest.raises(ValueError, match="resume: expected a directory"):
        fit(Classifier(network()), blobs(), epochs=1, resume=True)


def test_labels_out_of_range_stop_the_run(blobs, network):
    with pytest.raises(ValueError, match="expected labels from 0 to 2"):
        fit(Classifier(network()), blobs(labels=(0, 1, 3)), epochs=1, trainer=CPU)


class Line(pl.LightningModule):
    """No classifier: a line through points, with a loop of its own."""

    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = (self.slope * x - y).square().mean()
        self.log("squared_error", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Points(pl.LightningDataModule):
    def train_dataloader(self):
        x = torch.linspace(-1, 1, 32)
        return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, 3 * x), 8)


def test_any_module_is_trained(tmp_path):
    run = fit(Line(), Points(), epochs=25, validate=False, directory=tmp_path)
    assert run.network is run.module
    assert float(run.module.slope.detach()) == pytest.approx(3, abs=0.05)
    assert run.curve("squared_error")[-1] < 0.01


def test_curve_names_what_there_is(blobs, network):
    with pytest.raises(KeyError, match="train_loss"):
        trained(blobs, network).curve("accuracy")


def test_quiet(blobs, network, capfd):
    trained(blobs, network)
    assert capfd.readouterr() == ("", "")
