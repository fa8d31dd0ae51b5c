"""The base of data sets that lie in memory: parts, their order, loaders, and a hash of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import pytorch_lightning as pl
from torch.utils.data import DataLoader

from cnnhistory._util.lookup import check_integer
from cnnhistory.data.split import Part, Parts, digests
from cnnhistory.data.tensors import ShuffledSampler, as_is


class WholeBatches(Protocol):
    """A data set that gives a batch in one read, with `__getitems__`."""

    def __len__(self) -> int: ...
    def __getitems__(self, indices: Sequence[int]) -> Any: ...


SetT = TypeVar("SetT", bound=WholeBatches)


@dataclass(kw_only=True, eq=False)
class InMemoryDataModule(pl.LightningDataModule, Generic[SetT]):
    """Examples in three parts, all in memory.

    A subclass is a dataclass too: its fields are its settings, which its `__post_init__` checks.
    It says where the examples come from (`read`), what a network gets of them (`to_set`), and
    what they are called (`about`); where that is called for, what scaling takes from the
    training part (`measure`) and how training examples are changed in each epoch
    (`training_items`).

    The examples of a part are sorted by their SHA-256, so that files that hold the same in
    another order give the same batches. Training batches come in an order that depends on
    (seed, epoch) alone, see `ShuffledSampler`; the other parts come in their own order.

    Every process evaluates the whole validation and test part: the result then does not
    depend on the number of processes. Pass `use_distributed_sampler=False` to the Trainer.

    Args:
        batch_size: of each process.
        seed: of the order of the training batches, with the epoch.
        num_workers: of the data loaders; 0 is fastest, for the data lie in memory.

    Raises:
        ValueError: an argument is out of range.
    """

    batch_size: int = 64
    seed: int = 0
    num_workers: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        check_integer("batch_size", self.batch_size, 1)
        check_integer("seed", self.seed, 0)
        check_integer("num_workers", self.num_workers, 0)
        self._sets: dict[str, SetT] = {}
        self._content_hash = ""

    def read(self) -> Parts:
        """The parts train, val and test as stored; a subclass's own."""
        raise NotImplementedError

    def to_set(self, part: Part) -> SetT:
        """A part as a network gets it; a subclass's own."""
        raise NotImplementedError

    def about(self) -> dict[str, str | int]:
        """Name, scale, source, license and bytes to download; a subclass's own."""
        raise NotImplementedError

    def measure(self, train: Part) -> None:
        """Take from the training part what scaling needs, before any `to_set`."""

    def training_items(self, sampler: ShuffledSampler) -> WholeBatches:
        """The training examples as the loader reads them; a place to change them by epoch."""
        return self.train_set

    @property
    def train_set(self) -> SetT:
        """The training examples, as they are evaluated."""
        self.setup()
        return self._sets["train"]

    @property
    def val_set(self) -> SetT | None:
        """The validation examples; None where there are none."""
        self.setup()
        return self._sets["val"] if len(self._sets["val"]) else None

    @property
    def test_set(self) -> SetT:
        """The test examples."""
        self.setup()
        return self._sets["test"]

    @property
    def content_hash(self) -> str:
        """A SHA-256 that names the examples and their split, whatever their order in the files.

        It is taken over the SHA-256 of every example, sorted, part by part.
        """
        self.setup()
        return self._content_hash

    def setup(self, stage: str | None = None) -> None:
        """Reads, splits and scales all parts, once; `train_set` and the others call it."""
        if self._sets:
            return
        total = hashlib.sha256()
        parts: Parts = {}
        for name, part in self.read().items():
            keys = digests(*part)
            order = sorted(range(len(keys)), key=keys.__getitem__)
            total.update(f"{name} {len(keys)}\n".encode())
            total.update(b"".join(sorted(keys)))
            parts[name] = part.take(order)
        self.measure(parts["train"])
        self._sets = {name: self.to_set(part) for name, part in parts.items()}
        self._content_hash = total.hexdigest()

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled batches; the last one may be smaller. See `ShuffledSampler`."""
        sampler = ShuffledSampler(len(self.train_set), self.seed)
        return self._loader(self.training_items(sampler), sampler)

    def val_dataloader(self) -> DataLoader[Any] | list[DataLoader[Any]]:
        """The validation examples in order; no loader where there are none."""
        return self._loader(self.val_set) if self.val_set is not None else []

    def test_dataloader(self) -> DataLoader[Any]:
        """The test examples in order."""
        return self._loader(self.test_set)

    def _loader(self, items: WholeBatches, sampler: ShuffledSampler | None = None) -> Any:
        # Workers start anew in each epoch: what changes with the epoch is then right in them.
        return DataLoader(
            items,  # type: ignore[arg-type]
            batch_size=self.batch_size,
            sampler=sampler,
            num_workers=self.num_workers,
            collate_fn=as_is,
        )

    def describe(self) -> dict[str, str | int]:
        """Name, source, license, sizes and content hash, for badges and logs."""
        return {
            **self.about(),
            "train": len(self.train_set),
            "val": 0 if self.val_set is None else len(self.val_set),
            "test": len(self.test_set),
            "content_hash": self.content_hash,
        }
