"""CIFAR-10: 60,000 small color photographs of ten kinds of things.

Source: krizhevsky2009learning, chapter 3 (how the data set was made).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cnnhistory._util.lookup import check_integer
from cnnhistory.data.cifar10_files import (
    ARCHIVE,
    ARCHIVE_BYTES,
    CLASSES,
    JPEG_COPY,
    SIDE,
    data_file,
    read_file,
)
from cnnhistory.data.color import ColorImagesDataModule
from cnnhistory.data.split import Parts, stratified_choice, stratified_holdout


@dataclass(kw_only=True, eq=False)
class Cifar10DataModule(ColorImagesDataModule):
    """The photographs of CIFAR-10, 50,000 for training and 10,000 for test.

    The validation part is taken from the 50,000, each class in proportion, by the contents of
    the images and `split_seed` alone (see `stratified_holdout`). How bytes become pixels, how
    training images are augmented and in which order they come: see `ColorImagesDataModule`.

    The files are looked for in `root`/cifar10, else `$CNNHISTORY_DATA`/cifar10, else the cache,
    into which the archive of the data set's author is downloaded. A named folder holds that
    archive (`cifar-10-binary.tar.gz`) or a copy as JPEG files in one array
    (`cifar10_jpeg.npz`), which is a little less sharp: `describe` says which it was.

    Args:
        batch_size: of each process.
        seed: of the order and the augmentation of the training images, with the epoch.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.
        levels: "standard" (mean 0, std 1) or "bytes" (-128 to 128 or so).
        crop: height and width of an image as the network gets it; None is 32.
        pad: pixels of mean color around an image before a random crop; the paper on residual
            networks has 4, with crop=32.
        augment: crop at random and mirror half of the training images.
        val_size: number of validation images, 0 for none.
        split_seed: of the validation part, and of the choice of training images.
        train_size: how many of the training images to keep, each class in proportion; None keeps
            all.
        root: see above.

    Raises:
        ValueError: an argument is out of range.

    Source: krizhevsky2009learning; he2016deep, section 4.2 (pad 4, crop 32).
    """

    num_classes: ClassVar[int] = len(CLASSES)
    classes: ClassVar[tuple[str, ...]] = CLASSES

    batch_size: int = 128
    augment: bool = True
    val_size: int = 5000
    split_seed: int = 0
    root: str | Path | None = None
    train_size: int | None = None

    @property
    def side(self) -> int:
        """Height and width of an image as it is read."""
        return SIDE

    def __post_init__(self) -> None:
        super().__post_init__()
        check_integer("val_size", self.val_size, 0)
        if self.train_size is not None:
            check_integer("train_size", self.train_size, 1)

    def prepare_data(self) -> None:
        """Checks that the file is there; downloads the archive if that is called for."""
        data_file(self.root)

    def read(self) -> Parts:
        """The three parts as bytes."""
        train, test = read_file(data_file(self.root))
        kept, held = stratified_holdout(train, self.val_size, self.split_seed)
        kept = stratified_choice(kept, self.train_size, self.split_seed)
        return {"train": kept, "val": held, "test": test}

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download."""
        copy = data_file(self.root).name == JPEG_COPY
        return {
            "name": "CIFAR-10" + (", a JPEG copy" if copy else ""),
            "scale": "full",
            "source": JPEG_COPY if copy else ARCHIVE,
            "license": "none stated",
            "download_bytes": ARCHIVE_BYTES,
        }
