import gzip
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from cnnhistory.cli import main

FAST = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu"]


def test_fit_trains_tests_and_stores(tmp_path, run):
    done = run("fit", "lenet5_modern", *FAST, "--model.optimizer.lr=0.01", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "test error" in done.stdout
    folder = tmp_path / "runs" / "lenet5_modern"
    assert sorted(p.name for p in folder.iterdir()) == [
        "config.yaml",
        "last.ckpt",
        "metrics.csv",
    ]
    # the stored settings start the same run again; --resume finds nothing left to do
    again = run("fit", "lenet5_modern", "--config", str(folder / "config.yaml"), "--resume",
                cwd=tmp_path)  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]


def test_fit_on_color_images(tmp_path, run):
    settings = ["--model.network_args", "{num_classes: 16, width: 0.25}", "--data.batch_size=400"]
    done = run("fit", "resnet20", *FAST, "--data=PatchesDataModule", *settings, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "of 1200;" in done.stdout
    config = (tmp_path / "runs" / "resnet20" / "config.yaml").read_text()
    assert "class_path: cnnhistory.data.patches.PatchesDataModule" in config


def test_fit_on_sentences(tmp_path, run):
    limits = ["--trainer.limit_train_batches=3", "--trainer.limit_val_batches=0"]
    for options in (
        [],
        ["--model.optimizer=AdaDelta", "--model.schedule=Constant", "--data.most=2000",
         "--model.network_args", "{vocabulary: 2000, sparse: true}"],
    ):  # fmt: skip
        done = run("fit", "textcnn", *FAST, *limits, *options, f"--directory=run{len(options)}",
                   cwd=tmp_path)  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "of 1057;" in done.stdout


def test_broken_yaml_is_one_clear_error(tmp_path, run):
    (tmp_path / "broken.yaml").write_text("trainer: [unclosed\n")
    done = run("fit", "lenet5", "--config", "broken.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "broken.yaml" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_unknown_setting_is_named(tmp_path, run):
    done = run("fit", "lenet5", "--model.learning_rate=1", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "learning_rate" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_directory_that_cannot_be_written(tmp_path, run):
    (tmp_path / "file").touch()
    done = run("fit", "lenet5", "--directory=file/run", *FAST, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "file" in done.stderr


def last_weights(folder):
    state = torch.load(folder / "last.ckpt", weights_only=True)["state_dict"]
    return {key: value for key, value in state.items() if key.startswith("network.")}


def test_two_processes_with_half_the_batch_equal_one(tmp_path, run):
    settings = {
        "model.optimizer": "SGD",
        "model.optimizer.lr": "0.001",
        "trainer.limit_train_batches": "12",
        "trainer.limit_val_batches": "0",
    }
    common = ["fit", "lenet5", *(f"--{key}={value}" for key, value in settings.items()), *FAST]
    one = run(*common, "--data.batch_size=64", "--directory=one", cwd=tmp_path)
    two = run(*common, "--data.batch_size=32", "--directory=two", "--trainer.strategy=ddp",
              "--trainer.devices=2", cwd=tmp_path)  # fmt: skip
    assert one.returncode == 0, one.stderr
    assert two.returncode == 0, two.stderr
    assert "Warning" not in two.stderr
    assert "sync_dist" not in two.stderr
    start = run(*common, "--directory=other", "--seed_everything=1", cwd=tmp_path)
    assert start.returncode == 0
    ours, theirs = last_weights(tmp_path / "one"), last_weights(tmp_path / "two")
    other = last_weights(tmp_path / "other")
    for key, value in ours.items():
        torch.testing.assert_close(theirs[key], value, atol=1e-5, rtol=0)
    assert any(not torch.allclose(other[key], ours[key], atol=1e-2) for key in ours)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    path.write_bytes(gzip.compress(header + array.tobytes()))


def test_full_mode_trains_on_files_of_the_canonical_form(tmp_path, run):
    """Generated digits in the canonical files: full mode finds, reads and trains on them."""
    folder = tmp_path / "mirror" / "mnist"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for part, n in (("train", 60_000), ("t10k", 10_000)):
        images = np.zeros((n, 28, 28), dtype=np.uint8)
        images[:, ::7, ::7] = random.integers(0, 256, (n, 4, 4))
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.arange(n, dtype=np.uint8) % 10)
    environment = {"CNNHISTORY_SCALE": "full", "CNNHISTORY_DATA": str(tmp_path / "mirror")}
    options = ["--trainer.fast_dev_run=true", "--trainer.accelerator=cpu"]
    done = run("fit", "lenet5", *options, cwd=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert "of 10000;" in done.stdout


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_a_word_and_it_goes_on(number, status, tmp_path, run):
    command = ["fit", "lenet5_modern", "--trainer.accelerator=cpu", "--trainer.max_epochs=3"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cnnhistory", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "CNNHISTORY_SCALE": "small", "OMP_NUM_THREADS": "1"},
    )
    state = tmp_path / "runs" / "lenet5_modern" / "last.ckpt"
    while not state.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "of 3 epochs; to go on from" in err
    assert "--resume" in err
    again = run(*command, "--resume", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    assert "3 epochs" in again.stdout
    other = run(*command[:3], "--trainer.max_epochs=4", "--resume", cwd=tmp_path)
    assert other.returncode == 2
    assert other.stderr == "cnnhistory: epochs: expected 3, as in the run that is resumed, got 4\n"


def test_a_run_of_another_model_is_not_overwritten(tmp_path, run):
    few = [*FAST, "--trainer.limit_train_batches=2", "--trainer.limit_val_batches=1"]
    assert run("fit", "lenet5_modern", *few, "--directory=here", cwd=tmp_path).returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}
    for mistake in (["--directory=here"], ["--config=here/config.yaml"]):
        done = run("fit", "lenet5", *few, *mistake, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "lenet5_modern" in done.stderr
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (['--model.network_args={"nope": 5}'], "unknown setting nope"),
        (["--trainer.accelerator=tpu"], "trainer: "),
        (["--trainer.max_epochs=-5"], "epochs: expected at least 1, got -5"),
        (["--trainer.strategy=nope"], "nope"),
        (["--model.optimizer=SGD", "--model.optimizer.lr=-1"], "lr: expected a number"),
        (["--data=Nope"], "Nope"),
        (["--config=missing.yaml"], "missing.yaml"),
        (["extra"], "unrecognized arguments: extra"),
    ],
)
def test_settings_that_make_no_sense_are_one_line(options, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["fit", "lenet5", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cnnhistory: ")
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err


def test_warnings_as_errors_change_nothing(tmp_path, run):
    few = [*FAST, "--trainer.limit_train_batches=2", "--trainer.limit_val_batches=1"]
    done = run("fit", "lenet5_modern", *few, cwd=tmp_path, PYTHONWARNINGS="error")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_every_model_has_settings_that_fit_its_data():
    from cnnhistory.cli.fit import _configured

    found = {name: _configured(name, []).config.model.network for name in ("lenet5", "nin_cifar")}
    assert all(name == network for name, network in found.items())
