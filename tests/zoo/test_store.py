import contextlib
import hashlib
import json
import random

import pytest
import torch
from zoo_helpers import made_record, seed_result

from cnnhistory import create_model, zoo
from cnnhistory.zoo import store
from cnnhistory.zoo.rounding import rounded, weights_content

ID = "lenet5_mnist"


@pytest.fixture
def content():
    torch.manual_seed(5)
    return weights_content(rounded(create_model("lenet5").state_dict()))


def test_round_trip(folder, content):
    made = made_record(seed_result(0, 7), seed_result(1, 9, content))
    path = store.write(made, {"lenet5_mnist-seed1.safetensors": content})
    assert path == folder / f"{ID}.json"
    assert zoo.list_records() == [ID]
    assert zoo.list_records("x*") == []
    assert zoo.record(ID) == made
    weights = zoo.load_weights(ID)
    assert all(value.dtype == torch.float32 for value in weights.values())
    create_model("lenet5").load_state_dict(weights)
    assert zoo.load_weights(ID, seed=1).keys() == weights.keys()
    with pytest.raises(ValueError, match=r"expected one whose weights are kept \(1\), got 0"):
        zoo.load_weights(ID, seed=0)
    with pytest.raises(ValueError, match="name: expected a file that 'lenet5_mnist' left, got"):
        zoo.artifact(ID, "network")


def test_damaged_weights_are_refused(folder, content):
    store.write(made_record(seed_result(1, 9, content)), {f"{ID}-seed1.safetensors": content})
    path = folder / f"{ID}-seed1.safetensors"
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"seed1.safetensors: expected SHA-256 .* got .* again"):
        zoo.load_weights(ID)


def test_a_damaged_record_is_refused_clearly(folder):
    """Bytes changed at random: a record comes out, or the one error."""
    path = store.write(made_record(seed_result(), seed_result(1)), {})
    good = path.read_bytes()
    random.seed(0)
    refused = 0
    for _ in range(300):
        bad = bytearray(good)
        for _ in range(random.randint(1, 3)):
            bad[random.randrange(len(bad))] = random.randrange(256)
        path.write_bytes(bad[: random.choice([len(bad), random.randrange(len(bad))])])
        # anything but the one error fails the test
        with contextlib.suppress(ValueError):
            zoo.record(ID)
            continue
        refused += 1
    assert refused > 200
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match="expected a record of the zoo"):
        zoo.record(ID)


def test_files_that_no_record_names_are_neither_written_nor_kept(folder):
    with pytest.raises(ValueError, match="files: expected what the record names, got 'other'"):
        store.write(made_record(seed_result()), {"other": b"x"})
    name = f"{ID}-seed0.safetensors"
    with pytest.raises(ValueError, match="files: expected what the record names"):
        store.write(made_record(seed_result(0, 7, b"a")), {name: b"b"})
    store.write(made_record(seed_result(0, 7, b"a")), {name: b"a"})
    assert (folder / name).read_bytes() == b"a"
    store.write(made_record(seed_result(0, 7)), {})
    assert [path.name for path in folder.iterdir()] == [f"{ID}.json"]


def test_full_disk_leaves_the_old_record(folder, monkeypatch):
    store.write(made_record(seed_result(0, 7)), {})

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space"):
        store.write(made_record(seed_result(0, 8)), {})
    assert [path.name for path in folder.iterdir()] == [f"{ID}.json"]
    assert zoo.record(ID).results[0].errors == 7


def test_missing_records_say_how_to_make_them(folder):
    with pytest.raises(FileNotFoundError, match="cnnhistory record lenet5_mnist"):
        zoo.record(ID)
    with pytest.raises(KeyError, match="unknown recorded run 'lenet_mnist'; did you mean 'lenet5"):
        zoo.record("lenet_mnist")


def test_hashes_are_of_the_files(folder, content):
    store.write(made_record(seed_result(1, 9, content)), {f"{ID}-seed1.safetensors": content})
    entry = json.loads((folder / f"{ID}.json").read_text())["results"][0]["artifacts"]["weights"]
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert entry["bytes"] == len(content)
