"""The commands compress and decompress on files of every kind."""

import json
import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from cnnhistory import create_model
from cnnhistory.cli import main
from cnnhistory.compression.cnnz import load, save
from cnnhistory.compression.weights import plain_state


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "w.safetensors"
    save_file(create_model("lenet300_100").state_dict(), path)
    return path


def test_an_output_that_is_a_link_is_written_through(weights, tmp_path, capsys):
    target, link = tmp_path / "real.cnnz", tmp_path / "link.cnnz"
    target.write_text("old")
    link.symlink_to(target)
    assert main(["compress", "lenet300_100", "--weights", str(weights), "-o", str(link)]) == 0
    assert link.is_symlink()
    assert load(target).model == "lenet300_100"
    back, back_link = tmp_path / "back.safetensors", tmp_path / "back_link"
    back_link.symlink_to(back)
    assert main(["decompress", str(target), "-o", str(back_link)]) == 0
    assert back_link.is_symlink()
    assert load_file(back).keys() == load_file(weights).keys()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_an_output_that_is_a_pipe_is_refused(weights, tmp_path, capsys):
    pipe, file = tmp_path / "pipe", tmp_path / "net.cnnz"
    os.mkfifo(pipe)
    save(file, "lenet300_100", {}, {"x": torch.zeros(1)})
    for command in (
        ["compress", "lenet300_100", "--weights", str(weights), "-o", str(pipe)],
        ["decompress", str(file), "-o", str(pipe)],
    ):
        assert main(command) == 2
        assert "expected a regular file" in capsys.readouterr().err
        assert pipe.is_fifo()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("pruned", [False, True])
def test_weights_of_other_types_are_compressed_and_keep_them(
    weights, tmp_path, capsys, dtype, pruned
):
    state = {key: value.to(dtype) for key, value in load_file(weights).items()}
    save_file(state, weights)
    size = sum(value.numel() * value.element_size() for value in state.values())
    target, back = tmp_path / "net.cnnz", tmp_path / "back.safetensors"
    options = ["--density", "0.1"] if pruned else []
    command = ["compress", "lenet300_100", "--weights", str(weights), "-o", str(target)]
    assert main([*command, *options]) == 0
    out = capsys.readouterr().out
    ratio = size / target.stat().st_size
    assert f"{ratio:.1f} times smaller than {size:,}" in out
    assert "stored as they are" not in out
    assert ratio > (9 if pruned else 2.5)
    assert main(["decompress", str(target), "-o", str(back)]) == 0
    found = load_file(back)
    for key, value in state.items():
        assert found[key].dtype == dtype
        if value.dim() == 1:
            assert torch.equal(found[key], value)
        elif not pruned:
            assert (found[key] - value).abs().max() < 0.05 * value.abs().max()


def test_weights_that_cannot_be_shared_are_named(weights, tmp_path, capsys, monkeypatch):
    state = load_file(weights)
    state["1.weight"] = (100 * state["1.weight"]).to(torch.int8)
    save_file(state, weights)
    command = ["compress", "lenet300_100", "--weights", str(weights)]
    assert main([*command, "-o", str(tmp_path / "x.cnnz")]) == 0
    assert "stored as they are: 1.weight\n" in capsys.readouterr().out


def test_weights_that_are_not_finite_are_refused_by_name(weights, tmp_path, capsys):
    state = load_file(weights)
    state["3.weight"][2, 3] = float("nan")
    save_file(state, weights)
    command = ["compress", "lenet300_100", "--weights", str(weights)]
    for options in ([], ["--density=0.5"]):
        assert main([*command, "-o", str(tmp_path / "x.cnnz"), *options]) == 2
        assert "3.weight: expected finite weights, got 1 others in 30000" in capsys.readouterr().err


def test_weights_with_the_channels_last(tmp_path, capsys):
    torch.manual_seed(0)
    network = create_model("resnet20").to(memory_format=torch.channels_last)
    with pytest.raises(ValueError, match="contiguous"):  # why plain_state is there
        save_file(network.state_dict(), tmp_path / "w.safetensors")
    save_file(plain_state(network), tmp_path / "w.safetensors")
    target = tmp_path / "net.cnnz"
    command = ["compress", "resnet20", "--weights", str(tmp_path / "w.safetensors")]
    assert main([*command, "-o", str(target)]) == 0
    assert load(target).network().state_dict().keys() == network.state_dict().keys()


def test_a_tensor_with_the_name_of_the_metadata_is_refused(tmp_path, capsys):
    save(tmp_path / "net.cnnz", "m", {}, {"__metadata__": torch.zeros(1)})
    output = tmp_path / "back.safetensors"
    assert main(["decompress", str(tmp_path / "net.cnnz"), "-o", str(output)]) == 2
    assert "tensors: expected names that a .safetensors file can hold" in capsys.readouterr().err
    assert not output.exists()


def test_what_a_file_says_cannot_steer_a_terminal(tmp_path, capsys):
    evil = "\x1b[2J"
    save(tmp_path / "net.cnnz", evil, {evil: evil}, {evil: torch.zeros(1)})
    output = tmp_path / "back.safetensors"
    assert main(["decompress", str(tmp_path / "net.cnnz"), "-o", str(output)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "x1b[2J" in out


def test_compress_and_decompress_a_recorded_run(tmp_path, capsys):
    from safetensors import safe_open

    from cnnhistory import zoo

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
    torch.manual_seed(0)
    net = create_model("lenet5_modern", num_classes=3)
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
        (["compress", "lenet5_mnst"], "did you mean 'lenet5_mnist'"),
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
