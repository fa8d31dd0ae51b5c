"""Patches of photographs: real color images for small mode, with nothing to download.

Each class is one picture; the question is from which picture a patch was cut.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from cnnhistory._util.lookup import expected
from cnnhistory.data.color import ColorImagesDataModule
from cnnhistory.data.pictures import PICTURES, read_picture
from cnnhistory.data.split import Part, Parts

SIDE = 32
LARGE = range(64, 97)  # other sides that can be asked for
CELL = 64  # pixels; a cell of a picture belongs to one part as a whole
SMALLEST = 40  # side of the smallest square that is enlarged to a large patch

PARTS = {"train": 200, "val": 25, "test": 75}  # patches of a class
LARGE_PARTS = {"train": 150, "val": 20, "test": 50}  # of a class, large patches
SHARES = (("train", 0.65), ("val", 0.1), ("test", 0.25))  # of a picture's cells


@dataclass(kw_only=True, eq=False)
class PatchesDataModule(ColorImagesDataModule):
    """Patches of 32 by 32 pixels from sixteen pictures, split so that no pixel is shared.

    A picture is divided into cells of 64 by 64 pixels. Each cell belongs, as a whole, to the
    training, the validation or the test part, so patches of different parts never overlap. A
    patch is cut at a random place of a random cell of its part, half of the time as it is and
    half of the time from a square of 64 pixels, averaged two by two. With a `side` of 64 or more
    it is a square of 40 to 64 pixels, enlarged to that. Its brightness, contrast and color
    balance are then changed at random, so that the mean color does not give the picture away.
    Which cells and places these are is fixed: everybody has the same patches.

    Small only: sixteen classes of 200 training, 25 validation and 75 test patches; of large
    patches 150, 20 and 50. A picture is not a kind of thing: this is a test of how textures and
    parts are told apart, not of recognizing objects.

    Args:
        batch_size: of each process.
        seed: of the order and the augmentation of the training images, with the epoch.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.
        levels: "standard" (mean 0, std 1) or "bytes" (-128 to 128 or so).
        crop: height and width of an image as the network gets it; None is `side`.
        pad: pixels of mean color around an image before a random crop.
        augment: crop at random and mirror half of the training images.
        val_size: None keeps the validation patches apart; 0 adds them to the training part.
        side: height and width of a patch, 32 or 64 to 96.

    Raises:
        ValueError: an argument is out of range.
        FileNotFoundError: a picture is missing from the installed packages.
    """

    num_classes: ClassVar[int] = len(PICTURES)
    classes: ClassVar[tuple[str, ...]] = tuple(PICTURES)

    val_size: int | None = None
    side: int = SIDE

    def __post_init__(self) -> None:
        if self.side != SIDE and self.side not in LARGE:
            raise expected("side", "32 or 64 to 96", self.side)
        super().__post_init__()
        if self.val_size not in (None, 0):
            raise expected("val_size", "None or 0", self.val_size)
        self.sizes = PARTS if self.side == SIDE else LARGE_PARTS
        self.val_size = self.sizes["val"] * len(PICTURES) if self.val_size is None else 0

    def read(self) -> Parts:
        """The three parts as bytes."""
        images: dict[str, list[npt.NDArray[np.uint8]]] = {part: [] for part in PARTS}
        for name in PICTURES:
            picture = read_picture(name)
            cells = assigned_cells(name, picture.shape[:2])
            for k, (part, count) in enumerate(self.sizes.items()):
                random = np.random.default_rng([*name.encode(), k])
                images[part].append(patches(picture, cells[part], count, random, self.side))
        parts = {
            part: Part(
                np.concatenate(blocks),
                np.repeat(np.arange(len(PICTURES), dtype=np.uint8), self.sizes[part]),
            )
            for part, blocks in images.items()
        }
        if self.val_size == 0:
            train, val = parts["train"], parts["val"]
            parts["train"] = Part(
                np.concatenate([train.inputs, val.inputs]),
                np.concatenate([train.targets, val.targets]),
            )
            parts["val"] = val.take([])
        return parts

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download."""
        size = "" if self.side == SIDE else f", {self.side} by {self.side} pixels"
        return {
            "name": f"patches of 16 photographs{size}",
            "scale": "small",
            "source": "inside the packages scikit-image and scikit-learn",
            "license": "CC0 or public domain; temple and flower: CC BY",
            "download_bytes": 0,
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
    side: int = SIDE,
) -> npt.NDArray[np.uint8]:
    """Patches at random places of the given cells, with brightness and color changed.

    Shape: picture (H, W, 3), patches (count, 3, side, side).
    """
    found = np.empty((count, 3, side, side), np.uint8)
    for k in range(count):
        top, left = cells[random.integers(len(cells))]
        cell = picture[top : top + CELL, left : left + CELL]
        if side != SIDE:
            patch = enlarged(cell, side, random)
        elif k % 2:
            patch = cell.astype(np.float64).reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
        else:
            row, column = random.integers(0, CELL - SIDE + 1, 2)
            patch = cell[row : row + SIDE, column : column + SIDE].astype(np.float64)
        contrast = random.uniform(0.6, 1.4)
        shift = random.normal(0, 35) + random.normal(0, 20, 3)
        mean = patch.mean((0, 1))
        patch = (patch - mean) * contrast + mean + shift
        if random.random() < 0.5:
            patch = patch[:, ::-1]
        found[k] = patch.round().clip(0, 255).astype(np.uint8).transpose(2, 0, 1)
    return found


def enlarged(
    cell: npt.NDArray[np.uint8], side: int, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """A square of 40 pixels or more at a random place of a cell, enlarged (bilinear).

    Shape: cell (64, 64, 3), result (side, side, 3).
    """
    from PIL import Image

    size = int(random.integers(SMALLEST, CELL + 1))
    row, column = random.integers(0, CELL - size + 1, 2)
    square = Image.fromarray(cell[row : row + size, column : column + size])
    return np.asarray(square.resize((side, side), Image.Resampling.BILINEAR), np.float32)
