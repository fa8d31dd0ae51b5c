"""The files of CIFAR-10: the author's binary archive, and a copy as JPEG files.

Source: krizhevsky2009learning, chapter 3 (how the data set was made).
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from cnnhistory.data import fetch
from cnnhistory.data.split import Part

SIDE = 32
CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
ARCHIVE = "cifar-10-binary.tar.gz"
ARCHIVE_BYTES = 170_052_171
ADDRESSES = [f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}"]
MD5 = "md5:c32a1d4ab5d03f1284b67883e8d87530"
JPEG_COPY = "cifar10_jpeg.npz"
RECORD = 1 + 3 * SIDE * SIDE  # bytes of an image in the archive: label, then red, green, blue
TRAIN_MEMBERS = tuple(f"data_batch_{k}.bin" for k in range(1, 6))


def data_file(root: str | Path | None = None) -> Path:
    """The file that holds CIFAR-10, downloaded where no folder is named.

    Raises:
        FileNotFoundError: neither of the two files is in the folder that was named.
        FetchError: the archive could not be downloaded or kept.
    """
    root = fetch.mirror_dir() if root is None else Path(root)
    if root is None:
        return fetch.fetch_url(f"cifar10/{ARCHIVE}", ADDRESSES, MD5)
    for name in (ARCHIVE, JPEG_COPY):
        path = root / "cifar10" / name
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"neither {ARCHIVE} nor {JPEG_COPY} is in {root / 'cifar10'}; put one there, or unset"
        " CNNHISTORY_DATA (and root) to download the first"
    )


def read_file(path: Path) -> tuple[Part, Part]:
    """Training and test images of one of the two files, (N, 3, 32, 32), and their labels.

    Raises:
        ValueError: the file is damaged or not what its name says.
    """
    train, test = read_jpeg_copy(path) if path.suffix == ".npz" else read_archive(path)
    for _, labels in (train, test):
        if not len(labels) or labels.max() >= len(CLASSES):
            raise ValueError(f"{path} has no images, or labels that are not 0 to 9")
    return train, test


def read_archive(path: Path) -> tuple[Part, Part]:
    """Training and test images of the author's binary archive.

    Raises:
        ValueError: it is damaged, or a part of it is missing or of another length.
    """
    parts = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = Path(member.name).name
                if name in (*TRAIN_MEMBERS, "test_batch.bin") and member.isfile():
                    content = archive.extractfile(member)
                    assert content is not None  # for a file it never is
                    parts[name] = content.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(f"{path} is damaged ({error})") from error
    for name in (*TRAIN_MEMBERS, "test_batch.bin"):
        if name not in parts:
            raise ValueError(f"{path} has no {name}")
        if len(parts[name]) % RECORD:
            raise ValueError(
                f"{path}: {name} has {len(parts[name])} bytes, expected a multiple of {RECORD}"
            )

    def decoded(raw: bytes) -> Part:
        table = np.frombuffer(raw, np.uint8).reshape(-1, RECORD)
        return Part(table[:, 1:].reshape(-1, 3, SIDE, SIDE), table[:, 0])

    return decoded(b"".join(parts[name] for name in TRAIN_MEMBERS)), decoded(
        parts["test_batch.bin"]
    )


def read_jpeg_copy(path: Path) -> tuple[Part, Part]:
    """Training and test images of a copy as JPEG files.

    The arrays of it: `data` (all files, one after the other), `offsets` (where each begins, and
    the end), `labels`, `split` (0 training, 1 test).

    Raises:
        ValueError: it is damaged, or an array is missing or of another length.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
            data, offsets, labels, split = (
                file[name] for name in ("data", "offsets", "labels", "split")
            )
        count = len(labels)
        if len(offsets) != count + 1 or len(split) != count:
            raise ValueError(f"{count} labels, {len(offsets)} offsets, {len(split)} splits")
        images = np.empty((count, 3, SIDE, SIDE), np.uint8)
        raw = memoryview(data)
        for k in range(count):
            with Image.open(io.BytesIO(raw[offsets[k] : offsets[k + 1]])) as image:
                images[k] = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    except (KeyError, OSError, ValueError, zipfile.BadZipFile, UnidentifiedImageError) as error:
        raise ValueError(f"{path} is damaged ({error})") from error
    labels = labels.astype(np.uint8)
    first, second = split == 0, split == 1
    return Part(images[first], labels[first]), Part(images[second], labels[second])
