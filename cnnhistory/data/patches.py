"""Patches of photographs: real color images for small mode, with nothing to download.

Each class is one picture; the question is from which picture a patch was cut.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from cnnhistory.data.module import ColorImagesDataModule, Parts
from cnnhistory.data.pictures import PICTURES, read_picture

SIDE = 32
CELL = 64  # pixels; a cell of a picture belongs to one part as a whole

PARTS = {"train": 200, "val": 25, "test": 75}  # patches of a class
SHARES = (("train", 0.65), ("val", 0.1), ("test", 0.25))  # of a picture's cells


class PatchesDataModule(ColorImagesDataModule):
    """Patches of 32 by 32 pixels from sixteen pictures, split so that no pixel is shared.

    A picture is divided into cells of 64 by 64 pixels. Each cell belongs, as a whole, to the
    training, the validation or the test part, so patches of different parts never overlap. A
    patch is cut at a random place of a random cell of its part, half of the time as it is and
    half of the time from a square of 64 pixels, averaged two by two. Its brightness, contrast
    and color balance are then changed at random, so that the mean color does not give the
    picture away. Which cells and places these are is fixed: everybody has the same patches.

    Small only: sixteen classes of 200 training, 25 validation and 75 test patches. A picture is
    not a kind of thing: this is a test of how textures and parts are told apart, not of
    recognizing objects.

    Args:
        batch_size: of each process.
        levels: "standard" (mean 0, deviation 1) or "bytes" (-128 to 128 or so).
        crop: height and width of an image as the network gets it; None is 32.
        pad: pixels of mean color around an image before a random crop.
        augment: crop at random and mirror half of the training images.
        seed: of the order and the augmentation of the training images, with the epoch.
        val_size: None keeps the 400 validation patches apart; 0 adds them to the training part.

    Raises:
        ValueError: an argument is out of range.
        FileNotFoundError: a picture is missing from the installed packages.
    """

    num_classes = len(PICTURES)
    classes = tuple(PICTURES)

    def __init__(
        self,
        batch_size: int = 64,
        levels: str = "standard",
        crop: int | None = None,
        pad: int = 4,
        augment: bool = False,
        seed: int = 0,
        val_size: int | None = None,
    ) -> None:
        super().__init__(SIDE, batch_size, levels, crop, pad, augment, seed)
        if val_size not in (None, 0):
            raise ValueError(f"val_size must be None or 0, not {val_size}")
        self.val_size = PARTS["val"] * len(PICTURES) if val_size is None else 0

    def read(self) -> Parts:
        """The three parts as bytes."""
        images: dict[str, list[npt.NDArray[np.uint8]]] = {part: [] for part in PARTS}
        for name in PICTURES:
            picture = read_picture(name)
            cells = assigned_cells(name, picture.shape[:2])
            for k, (part, count) in enumerate(PARTS.items()):
                random = np.random.default_rng([*name.encode(), k])
                images[part].append(patches(picture, cells[part], count, random))
        parts = {
            part: (
                np.concatenate(blocks),
                np.repeat(np.arange(len(PICTURES), dtype=np.uint8), PARTS[part]),
            )
            for part, blocks in images.items()
        }
        if self.val_size == 0:
            train, val = parts["train"], parts["val"]
            parts["train"] = (
                np.concatenate([train[0], val[0]]),
                np.concatenate([train[1], val[1]]),
            )
            parts["val"] = (val[0][:0], val[1][:0])
        return parts

    def describe(self) -> dict[str, str | int]:
        """Name, source, license, sizes and content hash, for badges and logs."""
        return {
            "name": "patches of 16 photographs",
            "scale": "small",
            "source": "inside the packages scikit-image and scikit-learn",
            "license": "CC0 or public domain; temple and flower: CC BY",
            "download_bytes": 0,
            "train": len(self.train_set),
            "val": len(self.val_set or ()),
            "test": len(self.test_set),
            "content_hash": self.content_hash,
        }


def assigned_cells(name: str, shape: tuple[int, ...]) -> dict[str, list[tuple[int, int]]]:
    """The top left corners of a picture's cells, by part, in an order fixed by a hash."""
    corners = [
        (top, left)
        for top in range(0, shape[0] - CELL + 1, CELL)
        for left in range(0, shape[1] - CELL + 1, CELL)
    ]
    corners.sort(key=lambda at: hashlib.sha256(f"{name}:{at}".encode()).digest())
    cells, begin, share = {}, 0, 0.0
    for part, fraction in SHARES:
        share += fraction
        end = round(share * len(corners))
        cells[part] = corners[begin:end]
        begin = end
    return cells


def patches(
    picture: npt.NDArray[np.uint8],
    cells: list[tuple[int, int]],
    count: int,
    random: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """Patches at random places of the given cells, with brightness and color changed.

    Shape: picture (H, W, 3), patches (count, 3, 32, 32).
    """
    found = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for k in range(count):
        top, left = cells[random.integers(len(cells))]
        cell = picture[top : top + CELL, left : left + CELL].astype(np.float64)
        if k % 2:
            patch = cell.reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
        else:
            row, column = random.integers(0, CELL - SIDE + 1, 2)
            patch = cell[row : row + SIDE, column : column + SIDE]
        contrast = random.uniform(0.6, 1.4)
        shift = random.normal(0, 35) + random.normal(0, 20, 3)
        patch = (patch - patch.mean((0, 1))) * contrast + patch.mean((0, 1)) + shift
        if random.random() < 0.5:
            patch = patch[:, ::-1]
        found[k] = patch.round().clip(0, 255).astype(np.uint8).transpose(2, 0, 1)
    return found
