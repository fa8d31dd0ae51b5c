import gzip

import numpy as np
import torch

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
