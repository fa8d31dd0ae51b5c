import gzip
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import cnnhistory
from cnnhistory.cli import main


def run(*arguments, cwd=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "cnnhistory", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "CNNHISTORY_SCALE": "small", "OMP_NUM_THREADS": "1", **environment},
        check=False,
    )


def test_systems_lists_all(capsys):
    assert main(["systems"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 142
    assert any(line.split()[:3] == ["lenet5", "1998", "built"] for line in lines)


def test_systems_json(capsys):
    main(["systems", "lenet*", "--json"])
    records = json.loads(capsys.readouterr().out)
    assert [r["id"] for r in records] == cnnhistory.list_systems("lenet*")
    assert records[-1]["paper"] == "lecun1998gradient"


def test_show(capsys):
    main(["show", "lenet5"])
    out = capsys.readouterr().out
    assert "Gradient-Based Learning Applied to Document Recognition" in out
    assert "340,908 connections" in out
    assert "lenet5_modern" in out


def test_claims(capsys):
    main(["claims", "lenet5", "--wrong"])
    out = capsys.readouterr().out
    assert "lenet5.c1" in out
    assert "84" in out
    assert "lenet5.c2" not in out
    main(["claims", "lenet5.c2", "--json"])
    (record,) = json.loads(capsys.readouterr().out)
    assert record["verdict"] == "correct"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "lenet"], "did you mean"),
        (["claims", "lenet5.c99"], "did you mean"),
        (["systems", "zzz*"], "no system matches"),
        (["fit", "lenet6"], "did you mean"),
        (["data", "fetch"], "--all"),
        (["data", "fetch", "digit"], "digits"),
        (["record", "lenet5_mnst"], "did you mean lenet5_mnist"),
    ],
)
def test_mistakes_are_one_line(arguments, message, capsys):
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cnnhistory: ")
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err


def test_data_list_and_fetch(capsys):
    main(["data", "list"])
    assert "digits" in capsys.readouterr().out
    assert main(["data", "fetch", "digits"]) == 0
    assert "digits: " in capsys.readouterr().out


def test_pipe_that_closes_early():
    command = f"{sys.executable} -m cnnhistory systems | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("lenet1989")
    assert "Traceback" not in done.stderr


FAST = ["--trainer.max_epochs=1", "--trainer.accelerator=cpu"]


def test_fit_trains_tests_and_stores(tmp_path):
    done = run("fit", "lenet5_modern", *FAST, "--model.lr=0.01", cwd=tmp_path)
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


def test_fit_on_color_images(tmp_path):
    settings = ["--model.network_args", "{num_classes: 16, width: 0.25}", "--data.batch_size=400"]
    done = run("fit", "resnet20", *FAST, "--data=PatchesDataModule", *settings, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "of 1200;" in done.stdout
    config = (tmp_path / "runs" / "resnet20" / "config.yaml").read_text()
    assert "class_path: cnnhistory.data.patches.PatchesDataModule" in config


def test_broken_yaml_is_one_clear_error(tmp_path):
    (tmp_path / "broken.yaml").write_text("trainer: [unclosed\n")
    done = run("fit", "lenet5", "--config", "broken.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "broken.yaml" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_unknown_setting_is_named(tmp_path):
    done = run("fit", "lenet5", "--model.learning_rate=1", cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "learning_rate" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_directory_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    done = run("fit", "lenet5", "--directory=file/run", *FAST, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "file" in done.stderr


def last_weights(folder):
    state = torch.load(folder / "last.ckpt", weights_only=False)["state_dict"]
    return {key: value for key, value in state.items() if key.startswith("network.")}


def test_two_processes_with_half_the_batch_equal_one(tmp_path):
    settings = {
        "model.optimizer": "sgd",
        "model.lr": "0.001",
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


def test_full_mode_trains_on_files_of_the_canonical_form(tmp_path):
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


def test_compress_and_decompress_a_recorded_run(tmp_path, capsys):
    from safetensors import safe_open
    from safetensors.torch import load_file

    from cnnhistory import zoo
    from cnnhistory.compression.cnnz import load

    target, back = tmp_path / "net.cnnz", tmp_path / "net.safetensors"
    assert main(["compress", "lenet5_modern_mnist", "-o", str(target)]) == 0
    out = capsys.readouterr().out
    assert f"{target.stat().st_size:,} bytes" in out
    assert "weights" in out
    assert "codebooks" in out
    assert main(["decompress", str(target), "-o", str(back)]) == 0
    assert "create_model('lenet5_modern')" in capsys.readouterr().out
    original, found = zoo.load_weights("lenet5_modern_mnist"), load_file(back)
    assert found.keys() == original.keys()
    for key, value in found.items():
        assert value.shape == original[key].shape
        if value.dim() == 1:
            assert torch.equal(value, original[key])
        elif value.dim() == 2:
            assert len(value.unique()) <= 31  # five bits
    with safe_open(back, "pt") as file:
        assert json.loads(file.metadata()["settings"]) == {}
    # what is shared already comes back bit for bit
    again = tmp_path / "again.cnnz"
    options = ["--weights", str(back), "-o", str(again)]
    assert main(["compress", "lenet5_modern", *options]) == 0
    states = [load(path).state() for path in (again, target)]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())


def test_compress_with_fewer_bits_pruning_and_settings(tmp_path, capsys):
    from safetensors.torch import save_file

    from cnnhistory.compression.cnnz import load

    torch.manual_seed(0)
    net = cnnhistory.create_model("lenet5_modern", num_classes=3)
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    target = tmp_path / "net.cnnz"
    options = ["--conv-bits=3", "--dense-bits=2", "--density=0.1", "--conv-index-bits=4"]
    common = ["--weights", str(tmp_path / "w.safetensors"), "-o", str(target)]
    status = main(["compress", "lenet5_modern", '--settings={"num_classes": 3}', *common, *options])
    assert status == 0, capsys.readouterr().err
    contents = load(target)
    assert contents.network().output.out_features == 3
    c5 = contents.parts["c5.weight"]
    assert (c5.index_bits, len(c5.places)) == (4, 4800)
    assert len(c5.values) <= 7
    assert len(contents.parts["f6.weight"].values) <= 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compress", "lenet5_mnst"], "did you mean lenet5_mnist"),
        (["compress", "lenet5_mnist", "--dense-bits=9"], "bits: expected between 1 and 8, got 9"),
        (["compress", "lenet5_mnist", "--density=2"], "density: expected a fraction"),
        (["compress", "lenet5x", "--weights=missing"], "did you mean"),
        (["compress", "lenet5", "--weights=missing"], "missing"),
        (["compress", "lenet5", "--weights=text"], "not a .safetensors file"),
        (["compress", "lenet5", "--weights=other"], "expected 'c1.bias' of shape (6,), got none"),
        (["compress", "lenet5", "--weights=other", "--settings=[]"], "expected a JSON object"),
        (["decompress", "text"], "expected a file that begins with b'CNNZ'"),
        (["decompress", "missing"], "missing"),
    ],
)
def test_what_cannot_be_compressed_is_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    from safetensors.torch import save_file

    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("hello")
    save_file({"x": torch.zeros(1)}, tmp_path / "other")
    assert main([*arguments, "-o", "result"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cnnhistory: ")
    assert len(captured.err.splitlines()) == 1
    assert message in captured.err
    assert not (tmp_path / "result").exists()


TINY = {
    "model": "lenet300_100",
    "densities": {"1": 0.03, "3": 0.1, "5": 0.5},
    "base": {"epochs": 2, "lr": 4e-3, "batch_size": 128},
    "rounds": 2,
    "prune": {"epochs": 1, "lr": 4e-3, "batch_size": 128},
    "retrain": {"epochs": 1, "lr": 4e-3, "batch_size": 128},
    "share": {"epochs": 1, "lr": 1e-3, "batch_size": 128},
    "bits": {"dense": 3},
}


def test_record_compression(tmp_path, capsys, monkeypatch):
    from cnnhistory.compression.cnnz import load
    from cnnhistory.zoo import compressed

    recipe = compressed.CompressionRecipe(
        "tiny_deep_compression",
        TINY,
        {"dense": 5},
        data_args={"scale": "small", "pad_to": 28, "val_size": 0},
        seeds=(0, 1),
    )
    monkeypatch.setitem(compressed.RECIPES, recipe.id, recipe)
    monkeypatch.setattr(compressed, "FOLDER", tmp_path / "zoo")
    command = ["record", recipe.id, "--directory", str(tmp_path / "runs")]
    assert main(command) == 0
    first = compressed.record(recipe.id)
    assert [result.seed for result in first.results] == [0, 1]
    result = first.results[0]
    assert result.test_n == 1000
    assert result.float_bytes == 4 * 266_610
    assert result.ratio > 30
    assert len(result.curve) == len(result.twin_curve) == 6
    assert result.twin_curve[-1] == ["share", result.twin_errors / 1000]
    assert result.curve[-1] == ["share", result.compressed_errors / 1000]
    assert result.base_errors == round(1000 * result.curve[1][1])
    assert sum(result.sections.values()) == result.bytes
    assert result.others["float32"] == {"bytes": 4 * 266_610, "errors": result.twin_errors}
    assert result.others["int8, gzip"]["bytes"] < result.others["int8"]["bytes"] < 300_000
    assert load(compressed.file(recipe.id)).totals() == result.sections
    # again: the finished seeds are not trained anew
    monkeypatch.setattr("cnnhistory.cli.record_compression.run", None)
    assert main(command) == 0
    assert compressed.record(recipe.id) == first
    # another recipe does not take them for its own
    other = compressed.CompressionRecipe(**{**vars(recipe), "tolerance": 9.0})
    monkeypatch.setitem(compressed.RECIPES, recipe.id, other)
    assert main(command) == 2
    assert "of another recipe; delete it" in capsys.readouterr().err
