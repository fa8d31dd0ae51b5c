"""Color images of one size in memory: their levels, their crops and their augmentation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from cnnhistory._util.lookup import check_integer, check_one_of, expected
from cnnhistory.data.memory import InMemoryDataModule
from cnnhistory.data.split import Part
from cnnhistory.data.tensors import LabeledImages, ShuffledSampler

Levels = Literal["standard", "bytes"]


@dataclass(kw_only=True, eq=False)
class ColorImagesDataModule(InMemoryDataModule[LabeledImages]):
    """Color images of one size with their classes; a subclass says where from, and the `side`.

    A byte v of channel c becomes x = (v - mean_c) / std_c, with the mean and the standard
    deviation of that channel over the training part (`levels="standard"`), or x = v - mean_c
    (`levels="bytes"`, the scale that the networks of 2012 and 2013 were initialized for).

    Training images are augmented, if at all, by a random crop out of the image with `pad` pixels
    of mean color around it, and by mirroring half of them; both are drawn anew in every epoch
    and depend on (seed, epoch, image) alone, so neither on the number of processes nor on an
    interruption. Images of the other parts, and of a training part that is not augmented, are
    cropped in the middle.

    Shape: a batch is images (B, 3, crop, crop), float32, and labels (B,), int64. `read` gives
    bytes (N, 3, side, side) and labels (N,).

    Args:
        batch_size: of each process.
        seed: of the order and the augmentation of the training images, with the epoch.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.
        levels: "standard" (mean 0, std 1) or "bytes" (-128 to 128 or so).
        crop: height and width of an image as the network gets it; None is `side`.
        pad: pixels of mean color around an image before a random crop.
        augment: crop at random and mirror half of the training images.

    Raises:
        ValueError: an argument is out of range.
    """

    levels: Levels = "standard"
    crop: int | None = None
    pad: int = 4
    augment: bool = False

    @property
    def side(self) -> int:
        """Height and width of an image as it is read; a subclass's own."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one_of("levels", self.levels, get_args(Levels))
        self.crop = crop = self.side if self.crop is None else self.crop
        check_integer("crop", crop, 1, self.side)
        if (self.side - crop) % 2:
            raise expected("crop", f"{self.side} or an even number of pixels less", crop)
        check_integer("pad", self.pad, 0, self.side)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height, width of one image."""
        assert self.crop is not None  # settled above
        return (3, self.crop, self.crop)

    @property
    def mean(self) -> Tensor:
        """Mean byte of each channel over the training part, shape (3,)."""
        self.setup()
        return self._mean

    @property
    def std(self) -> Tensor:
        """What a difference from the mean is divided by, shape (3,)."""
        self.setup()
        return self._std

    def measure(self, train: Part) -> None:
        """Take mean and standard deviation of each channel from the training part."""
        self._mean = torch.tensor(train.inputs.mean(axis=(0, 2, 3)), dtype=torch.float32)
        std = torch.tensor(train.inputs.std(axis=(0, 2, 3)), dtype=torch.float32)
        self._std = std if self.levels == "standard" else torch.ones(3)
        self._bytes = torch.from_numpy(train.inputs)

    def to_set(self, part: Part) -> LabeledImages:
        """The middle of each image, as pixels."""
        crop = self.image_shape[1]
        cut = slice((self.side - crop) // 2, (self.side + crop) // 2)
        middle = torch.from_numpy(np.ascontiguousarray(part.inputs[..., cut, cut]))
        return LabeledImages(
            scaled(middle, self._mean, self._std),
            torch.from_numpy(part.targets.astype(np.int64)),
        )

    def training_items(self, sampler: ShuffledSampler) -> LabeledImages:
        """The training images, augmented where that is asked for."""
        if not self.augment:
            return self.train_set
        labels, crop = self.train_set.labels, self.image_shape[1]
        return AugmentedImages(
            self._bytes, labels, sampler, self.mean, self.std, crop=crop, pad=self.pad
        )

    def scaled(self, images: Tensor) -> Tensor:
        """Bytes as pixels, in the channels-last layout.

        Shape: (N, 3, H, W) in and out.
        """
        return scaled(images, self.mean, self.std)

    def as_bytes(self, images: Tensor) -> Tensor:
        """Pixels as bytes for showing; what lies outside 0 to 255 is cut off.

        Shape: (N, 3, H, W) or (3, H, W), in and out.
        """
        pixels = images * self.std[:, None, None] + self.mean[:, None, None]
        return pixels.round().clamp(0, 255).to(torch.uint8)


class AugmentedImages(LabeledImages):
    """Training images, cropped and mirrored anew in every epoch of a sampler.

    Shape: images as bytes (N, 3, side, side), mean and std (3,); a batch comes as
    (B, 3, crop, crop), float32.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        sampler: ShuffledSampler,
        mean: Tensor,
        std: Tensor,
        *,
        crop: int,
        pad: int,
    ) -> None:
        super().__init__(images, labels)
        self.sampler = sampler
        self.mean = mean
        self.std = std
        self.crop = crop
        side = images.shape[-1]
        self.room = side + 2 * pad - crop
        shape = (len(images), 3, side + 2 * pad, side + 2 * pad)
        self.padded = mean.round().to(torch.uint8)[:, None, None].expand(shape).clone()
        self.padded[..., pad : pad + side, pad : pad + side] = images
        self._epoch = -1

    def draw(self) -> None:
        """Draw top, left and mirroring of every image for the sampler's epoch, once."""
        if self._epoch == self.sampler.epoch:
            return
        self._epoch = self.sampler.epoch
        # 1: another stream than the sampler's own, which is seeded with [seed, epoch].
        random = np.random.default_rng([self.sampler.seed, self._epoch, 1])
        self.corner = torch.from_numpy(random.integers(0, self.room + 1, (len(self), 2)))
        self.mirrored = torch.from_numpy(random.random(len(self)) < 0.5)

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """A batch in one read."""
        self.draw()
        chosen = torch.as_tensor(indices)
        steps = torch.arange(self.crop)
        rows = self.corner[chosen, :1] + steps
        columns = self.corner[chosen, 1:] + steps
        columns = torch.where(self.mirrored[chosen, None], columns.flip(1), columns)
        at = chosen[:, None, None, None]
        channel = torch.arange(3)[:, None, None]
        crops = self.padded[at, channel, rows[:, None, :, None], columns[:, None, None, :]]
        return scaled(crops, self.mean, self.std), self.labels[chosen]

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        images, labels = self.__getitems__([index])
        return images[0], labels[0]


def scaled(images: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Bytes as pixels (v - mean) / std, in the channels-last layout.

    Shape: images (N, 3, H, W) in and out, mean and std (3,).
    """
    pixels = (images - mean[:, None, None]) / std[:, None, None]
    return pixels.contiguous(memory_format=torch.channels_last)
