"""The two files: every number comes back, signs take a bit, damage can be seen."""

import json
import zlib

import numpy as np
import pytest
import torch
from torch import nn

from cnnhistory import create_model, zoo
from cnnhistory.cli import main
from cnnhistory.export import export_network, write_network
from cnnhistory.export.file import packed


def unpacked(exported, place):
    """Return a tensor as a reader of the format finds it."""
    raw = exported.numbers[place["offset"] : place["offset"] + place["bytes"]]
    count = int(np.prod(place["shape"]))
    if place["type"] == "bits":
        values = np.unpackbits(np.frombuffer(raw, np.uint8))[:count] * 2.0 - 1
    else:
        values = np.frombuffer(raw, {"float16": "<f2", "float32": "<f4"}[place["type"]])
    return torch.tensor(values, dtype=torch.float32).reshape(place["shape"])


def test_a_file_by_hand():
    layer = nn.Linear(2, 1)
    layer.weight.data = torch.tensor([[1.0, -2.0]])
    layer.bias.data = torch.tensor([0.1])
    made = export_network(layer, (2,), {"model": "by hand"})
    assert made.numbers == bytes.fromhex("003c00c0cdcccc3d")
    assert made.graph["nodes"] == [
        {
            "name": "linear",
            "op": "linear",
            "inputs": ["input"],
            "shape": [1],
            "tensors": {
                "weight": {"type": "float16", "shape": [1, 2], "offset": 0, "bytes": 4},
                "bias": {"type": "float32", "shape": [1], "offset": 4, "bytes": 4},
            },
        }
    ]
    assert (made.graph["input"], made.graph["output"]) == ([2], "linear")
    assert made.graph["crc32"] == zlib.crc32(made.numbers)
    assert json.loads(made.json()) == made.graph


def test_signs_take_a_bit_each():
    signs = torch.ones(5, 8)
    signs[0, 1] = signs[4, 7] = -1
    kind, data = packed("w", signs)
    assert (kind, data) == ("bits", bytes([0b10111111, 255, 255, 255, 254]))
    assert packed("w", torch.ones(31))[0] == "float16"


@pytest.mark.parametrize("run", ["lenet5_mnist", "lenet1989_online", "lenet1990_online"])
def test_recorded_weights_come_back_exactly(run):
    recipe = zoo.training_recipe(run)
    network = create_model(recipe.model)
    network.load_state_dict(zoo.load_weights(run))
    made = export_network(network, recipe.data.build().image_shape)
    state = network.state_dict()
    seen = set()
    for node in made.graph["nodes"]:
        for key, place in node.get("tensors", {}).items():
            assert place["offset"] % 4 == 0
            assert torch.equal(unpacked(made, place), state[f"{node['name']}.{key}"])
            seen.add(f"{node['name']}.{key}")
    assert seen == set(state)
    trained = sum(p.numel() for p in network.parameters())
    assert len(made.numbers) <= 2 * trained + 500  # two bytes a number, the codes in bits
    assert len(made.json()) < 5_000


def test_what_float16_would_change_is_kept_in_float32():
    assert packed("w", torch.tensor([1e-9, 1.0]))[0] == "float32"
    assert packed("w", torch.tensor([70000.0]))[0] == "float32"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(value):
    layer = nn.Linear(2, 1)
    layer.weight.data[0, 0] = value
    with pytest.raises(ValueError, match=r"linear.weight: expected finite numbers"):
        export_network(layer, (2,))


@pytest.mark.parametrize("about", [{"x": float("nan")}, {"x": object()}])
def test_notes_that_are_not_plain_are_refused(about):
    with pytest.raises(ValueError, match="about: expected plain values"):
        export_network(nn.ReLU(), (2,), about)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b"])
def test_a_name_that_is_no_file_name_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match="name: expected letters"):
        write_network(export_network(nn.ReLU(), (2,)), tmp_path, name)


def test_the_command_writes_both_files(tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert main(["export", "lenet5", "--weights", "lenet5_mnist", "-o", str(folder)]) == 0
    graph = json.loads((folder / "lenet5_mnist.json").read_text())
    numbers = (folder / "lenet5_mnist.bin").read_bytes()
    assert graph["about"] == {"model": "lenet5", "weights": "lenet5_mnist"}
    assert (graph["bytes"], graph["crc32"]) == (len(numbers), zlib.crc32(numbers))
    assert f"{len(numbers):,} bytes" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet6", "--weights", "lenet5_mnist"], "did you mean 'lenet5'"),
        (["lenet5", "--weights", "lenet5_mnst"], "did you mean 'lenet5_mnist'"),
        (["lenet5", "--weights", "lenet1989_online"], "weights: expected a run of 'lenet5'"),
        (["lenet5", "--weights", "lenet5_mnist", "--seed", "77"], "seed: expected one of 0, 1"),
        (["lenet5"], "--weights"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(arguments, message, tmp_path, capsys):
    try:
        status = main(["export", *arguments, "-o", str(tmp_path)])
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())
