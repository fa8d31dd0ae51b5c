"""What the data modules of images in memory have in common."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from cnnhistory.data.tensors import LabeledImages, ShuffledSampler, as_is, digests

Parts = dict[str, tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]


class ColorImagesDataModule(pl.LightningDataModule):
    """Color images of one size in three parts, all in memory; a subclass says where from.

    A byte v of channel c becomes x = (v - mean_c) / deviation_c, with the mean and the standard
    deviation of that channel over the training part (`levels="standard"`), or x = v - mean_c
    (`levels="bytes"`, the scale that the networks of 2012 and 2013 were initialized for).

    Training images are augmented, if at all, by a random crop out of the image with `pad` pixels
    of mean color around it, and by mirroring half of them; both are drawn anew in every epoch
    and depend on (seed, epoch, image) alone, so neither on the number of processes nor on an
    interruption. Images of the other parts, and of a training part that is not augmented, are
    cropped in the middle.

    Shape: a batch is images (B, 3, crop, crop), float32, and labels (B,), int64.
    """

    def __init__(
        self,
        side: int,
        batch_size: int,
        levels: str,
        crop: int | None,
        pad: int,
        augment: bool,
        seed: int,
    ) -> None:
        super().__init__()
        crop = side if crop is None else crop
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, not {batch_size}")
        if levels not in ("standard", "bytes"):
            raise ValueError(f"levels must be 'standard' or 'bytes', not {levels!r}")
        if not 1 <= crop <= side or (side - crop) % 2:
            raise ValueError(f"crop must be {side} or an even number of pixels less, not {crop}")
        if not 0 <= pad <= side:
            raise ValueError(f"pad must be 0 to {side}, not {pad}")
        if seed < 0:
            raise ValueError(f"seed must be at least 0, not {seed}")
        self.side = side
        self.batch_size = batch_size
        self.levels = levels
        self.crop = crop
        self.pad = pad
        self.augment = augment
        self.seed = seed
        self._sets: dict[str, LabeledImages] = {}
        self._content_hash = ""

    def read(self) -> Parts:
        """The parts train, val and test as bytes, images (N, 3, side, side); a subclass's own."""
        raise NotImplementedError

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height, width of one image."""
        return (3, self.crop, self.crop)

    @property
    def train_set(self) -> LabeledImages:
        """The training images, cropped in the middle, not augmented."""
        self.setup()
        return self._sets["train"]

    @property
    def val_set(self) -> LabeledImages | None:
        """The validation images; None where there are none."""
        self.setup()
        return self._sets["val"] if len(self._sets["val"]) else None

    @property
    def test_set(self) -> LabeledImages:
        """The test images."""
        self.setup()
        return self._sets["test"]

    @property
    def content_hash(self) -> str:
        """A SHA-256 over the images, labels and parts, whatever their order in the files."""
        self.setup()
        return self._content_hash

    @property
    def mean(self) -> Tensor:
        """Mean byte of each channel over the training part, shape (3,)."""
        self.setup()
        return self._mean

    @property
    def deviation(self) -> Tensor:
        """What a difference from the mean is divided by, shape (3,)."""
        self.setup()
        return self._deviation

    def setup(self, stage: str | None = None) -> None:
        """Reads and scales all parts, once; `train_set` and the others call it."""
        if self._sets:
            return
        total = hashlib.sha256()
        parts: Parts = {}
        for name, (images, labels) in self.read().items():
            keys = digests(images, labels)
            order = sorted(range(len(keys)), key=keys.__getitem__)
            total.update(f"{name} {len(keys)}\n".encode())
            total.update(b"".join(sorted(keys)))
            parts[name] = (images[order], labels[order])
        train = parts["train"][0]
        self._mean = torch.tensor(train.mean(axis=(0, 2, 3)), dtype=torch.float32)
        deviation = torch.tensor(train.std(axis=(0, 2, 3)), dtype=torch.float32)
        self._deviation = deviation if self.levels == "standard" else torch.ones(3)
        self._bytes = torch.from_numpy(train)
        sets = {}
        cut = slice((self.side - self.crop) // 2, (self.side + self.crop) // 2)
        for name, (images, labels) in parts.items():
            middle = np.ascontiguousarray(images[..., cut, cut])
            target = torch.from_numpy(labels.astype(np.int64))
            sets[name] = LabeledImages(self.scaled(torch.from_numpy(middle)), target)
        self._sets = sets
        self._content_hash = total.hexdigest()

    def scaled(self, images: Tensor) -> Tensor:
        """Bytes as pixels, in the channels-last layout.

        Shape: (N, 3, H, W) in and out.
        """
        mean, deviation = self._mean[:, None, None], self._deviation[:, None, None]
        pixels = (images - mean) / deviation
        return pixels.contiguous(memory_format=torch.channels_last)

    def as_bytes(self, images: Tensor) -> Tensor:
        """Pixels as bytes for showing; what lies outside 0 to 255 is cut off.

        Shape: (N, 3, H, W) or (3, H, W), in and out.
        """
        pixels = images * self.deviation[:, None, None] + self.mean[:, None, None]
        return pixels.round().clamp(0, 255).to(torch.uint8)

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled batches; the last one may be smaller. See `ShuffledSampler`."""
        sampler = ShuffledSampler(len(self.train_set), self.seed)
        part = AugmentedImages(self, sampler) if self.augment else self.train_set
        return DataLoader(part, self.batch_size, sampler=sampler, collate_fn=as_is)

    def val_dataloader(self) -> DataLoader[Any] | list[DataLoader[Any]]:
        """The validation images in order; no loader where there are none."""
        if self.val_set is None:
            return []
        return DataLoader(self.val_set, self.batch_size, collate_fn=as_is)

    def test_dataloader(self) -> DataLoader[Any]:
        """The test images in order."""
        return DataLoader(self.test_set, self.batch_size, collate_fn=as_is)


class AugmentedImages(LabeledImages):
    """The training images of a data module, cropped and mirrored anew in every epoch.

    Shape: images as bytes (N, 3, side, side); a batch comes as (B, 3, crop, crop), float32.
    """

    def __init__(self, data: ColorImagesDataModule, sampler: ShuffledSampler) -> None:
        super().__init__(data._bytes, data.train_set.labels)
        self.data = data
        self.sampler = sampler
        pad = data.pad
        shape = (len(self.images), 3, data.side + 2 * pad, data.side + 2 * pad)
        self.padded = data.mean.round().to(torch.uint8)[:, None, None].expand(shape).clone()
        self.padded[..., pad : pad + data.side, pad : pad + data.side] = self.images
        self._epoch = -1

    def draw(self) -> None:
        """Draw top, left and mirroring of every image for the sampler's epoch, once."""
        if self._epoch == self.sampler.epoch:
            return
        self._epoch = self.sampler.epoch
        # 1: another stream than the sampler's own, which is seeded with [seed, epoch].
        random = np.random.default_rng([self.sampler.seed, self._epoch, 1])
        room = self.data.side + 2 * self.data.pad - self.data.crop
        self.corner = torch.from_numpy(random.integers(0, room + 1, (len(self), 2)))
        self.mirrored = torch.from_numpy(random.random(len(self)) < 0.5)

    def __getitems__(self, indices: Any) -> tuple[Tensor, Tensor]:
        """A batch in one read."""
        self.draw()
        chosen = torch.as_tensor(indices)
        steps = torch.arange(self.data.crop)
        rows = self.corner[chosen, :1] + steps
        columns = self.corner[chosen, 1:] + steps
        columns = torch.where(self.mirrored[chosen, None], columns.flip(1), columns)
        at = chosen[:, None, None, None]
        channel = torch.arange(3)[:, None, None]
        crops = self.padded[at, channel, rows[:, None, :, None], columns[:, None, None, :]]
        return self.data.scaled(crops), self.labels[chosen]

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        images, labels = self.__getitems__([index])
        return images[0], labels[0]
