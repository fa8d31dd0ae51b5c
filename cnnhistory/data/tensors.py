"""Images in memory: a data set that is read in whole batches, and the order of its epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset
from torch.utils.data.distributed import DistributedSampler

from cnnhistory._util.lookup import check_integer

T = TypeVar("T")


class LabeledImages(Dataset[tuple[Tensor, Tensor]]):
    """Images and labels in two tensors, indexed one by one or a batch at a time.

    Shape: images (N, C, H, W), labels (N,).
    """

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        if len(images) != len(labels):
            raise ValueError(f"labels: expected {len(images)}, one an image, got {len(labels)}")
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
        check_integer("size", size, 1)
        check_integer("seed", seed, 0)
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
