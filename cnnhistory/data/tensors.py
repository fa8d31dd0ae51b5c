"""Images in memory: a data set that is read in whole batches, its sampler, and its split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torch.utils.data.distributed import DistributedSampler

T = TypeVar("T")


class LabeledImages(Dataset[tuple[Tensor, Tensor]]):
    """Images and labels in two tensors, indexed one by one or a batch at a time.

    Shape: images (N, C, H, W), labels (N,).
    """

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        if len(images) != len(labels):
            raise ValueError(f"{len(images)} images, but {len(labels)} labels")
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        return self.images[index], self.labels[index]

    def __getitems__(self, indices: Sequence[int]) -> tuple[Tensor, Tensor]:
        """A batch in one read: DataLoader calls this where it is defined."""
        chosen = torch.as_tensor(indices)
        return self.images[chosen], self.labels[chosen]


def as_is(batch: T) -> T:
    """`batch` itself: the `collate_fn` for a data set that returns whole batches."""
    return batch


class ShuffledSampler(DistributedSampler[int]):
    r"""A permutation of 0..size-1 that depends on (seed, epoch) only, dealt out to processes.

    Rank r of w processes gets the entries r, r+w, r+2w, ... of the permutation p, so that w
    processes with batches of b see together, at step k, exactly what one process with
    batches of B = w·b sees: p[kB], ..., p[(k+1)B-1]. Where w does not divide the size, the
    first entries of p are dealt once more at the end: the number of steps stays ⌈size / B⌉
    for every w, all processes have equally many, and at most w-1 entries are dealt again.

    It is a DistributedSampler so that Lightning knows not to wrap it in another one.

    Args:
        size: number of items, at least 1.
        seed: at least 0; another seed gives other permutations in every epoch.
        rank: of this process; None asks torch.distributed (0 where it is not running).
        world_size: number of processes; None asks torch.distributed (1 where not running).
    """

    def __init__(
        self,
        size: int,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        if size < 1:
            raise ValueError(f"size must be at least 1, not {size}")
        if seed < 0:
            raise ValueError(f"seed must be at least 0, not {seed}")
        running = torch.distributed.is_available() and torch.distributed.is_initialized()
        if rank is None:
            rank = torch.distributed.get_rank() if running else 0
        if world_size is None:
            world_size = torch.distributed.get_world_size() if running else 1
        super().__init__(range(size), world_size, rank, seed=seed)  # type: ignore[arg-type]
        self.size = size

    def permutation(self) -> npt.NDArray[np.int64]:
        """The order of all items in this epoch, the same in every process."""
        return np.random.default_rng([self.seed, self.epoch]).permutation(self.size)

    def __iter__(self) -> Iterator[int]:
        padded = np.resize(self.permutation(), self.total_size)  # np.resize repeats from the start
        return iter(padded[self.rank :: self.num_replicas].tolist())


def digests(images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8]) -> list[bytes]:
    """The SHA-256 of each image's bytes followed by its label."""
    return [
        hashlib.sha256(image.tobytes() + bytes([label])).digest()
        for image, label in zip(images, labels.tolist(), strict=True)
    ]


def repeated(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """True for each image that another one equals pixel for pixel."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    keys = rows.view(np.dtype((np.void, rows.shape[1])))[:, 0]
    _, which, count = np.unique(keys, return_inverse=True, return_counts=True)
    return count[which] > 1


def stratified_holdout(
    images: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], size: int, seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices to keep and indices to hold out, `size` of them, each class in its proportion.

    A class with a share of s = size · n_class / n gets ⌊s⌋ places; the places left go to the
    largest remainders. Which images of a class are held out follows from their contents and
    the seed alone, by the order of SHA-256(seed, image, label): not from the order of the
    file, nor from any library's random numbers. An image that occurs more than once is never
    held out, so no image lies on both sides.

    Raises:
        ValueError: `size` is out of range, or a class has too few images.
    """
    total = len(labels)
    if not 0 <= size < total:
        raise ValueError(f"cannot hold out {size} of {total} images: give 0 to {total - 1}")
    counts = np.bincount(labels)
    places, remainders = np.divmod(size * counts, total)
    extra = np.argsort(-remainders, kind="stable")[: size - places.sum()]
    places[extra] += 1

    once = ~repeated(images)
    prefix = f"{seed}:".encode()
    keys = [hashlib.sha256(prefix + digest).digest() for digest in digests(images, labels)]
    held: list[int] = []
    for label, wanted in enumerate(places.tolist()):
        candidates = np.flatnonzero(once & (labels == label)).tolist()
        if len(candidates) < wanted:
            raise ValueError(
                f"class {label} has {len(candidates)} images that occur once, and"
                f" {wanted} were to be held out"
            )
        held += sorted(candidates, key=keys.__getitem__)[:wanted]
    mask = np.zeros(total, dtype=bool)
    mask[held] = True
    return np.flatnonzero(~mask), np.flatnonzero(mask)
