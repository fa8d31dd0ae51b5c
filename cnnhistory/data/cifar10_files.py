"""The files of CIFAR-10: the author's binary archive, and a copy as JPEG files.

Source: krizhevsky2009learning, chapter 3 (how the data set was made).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cnnhistory.data import fetch
from cnnhistory.data.files.archive import tar_members
from cnnhistory.data.files.arrays import decoded, picture_files, read_arrays
from cnnhistory.data.files.cache import DataFileError
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
BATCH = 10_000  # images of a file of the archive, at most
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
        return fetch.fetch_url(f"cifar10/{ARCHIVE}", ADDRESSES, MD5, ARCHIVE_BYTES)
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
        DataFileError: the file is damaged or not what its name says.
    """
    train, test = read_jpeg_copy(path) if path.suffix == ".npz" else read_archive(path)
    for _, labels in (train, test):
        if not len(labels) or labels.max() >= len(CLASSES):
            raise DataFileError(f"{path} has no images, or labels that are not 0 to 9")
    return train, test


def read_archive(path: Path) -> tuple[Part, Part]:
    """Training and test images of the author's binary archive.

    Raises:
        DataFileError: it is damaged, or a part of it is missing or of another length.
    """
    names = (*TRAIN_MEMBERS, "test_batch.bin")
    parts = tar_members(path, dict.fromkeys(names, BATCH * RECORD))
    for name in names:
        if name not in parts:
            raise DataFileError(f"{path} has no {name}")
        if len(parts[name]) % RECORD:
            raise DataFileError(
                f"{path}: {name} has {len(parts[name])} bytes, expected a multiple of {RECORD}"
            )

    def examples(raw: bytes) -> Part:
        table = np.frombuffer(raw, np.uint8).reshape(-1, RECORD)
        return Part(table[:, 1:].reshape(-1, 3, SIDE, SIDE), table[:, 0])

    return (
        examples(b"".join(parts[name] for name in TRAIN_MEMBERS)),
        examples(parts["test_batch.bin"]),
    )


def read_jpeg_copy(path: Path) -> tuple[Part, Part]:
    """Training and test images of a copy as JPEG files.

    The arrays of it: `data` (all files, one after the other), `offsets` (where each begins, and
    the end), `labels`, `split` (0 training, 1 test).

    Raises:
        DataFileError: it is damaged, or an array or a picture is missing or of another kind.
    """
    count, size = 6 * BATCH, 6 * BATCH * RECORD
    arrays = read_arrays(
        path,
        {
            "data": ("u1", size),
            "offsets": ("iu", 8 * (count + 1)),
            "labels": ("iu", 8 * count),
            "split": ("iu", 8 * count),
        },
    )
    labels, split = arrays["labels"], arrays["split"]
    if labels.ndim != 1 or split.shape != labels.shape:
        raise DataFileError(f"split in {path}: expected shape {labels.shape}, got {split.shape}")
    if not np.isin(split, (0, 1)).all() or not np.isin(labels, range(len(CLASSES))).all():
        raise DataFileError(f"labels in {path}: expected 0 to 9, and a split of 0 and 1")
    files = picture_files(arrays["data"], arrays["offsets"], len(labels), str(path))
    images = np.empty((len(labels), 3, SIDE, SIDE), np.uint8)
    for k, file in enumerate(files):
        pixels = decoded(file, ("JPEG",), (SIDE, SIDE), f"picture {k} of {path}")
        images[k] = pixels.transpose(2, 0, 1)
    labels = labels.astype(np.uint8)
    first, second = split == 0, split == 1
    return Part(images[first], labels[first]), Part(images[second], labels[second])
