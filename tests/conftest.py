import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from cnnhistory.data.tensors import LabeledImages, ShuffledSampler, as_is


class Blobs(pl.LightningDataModule):
    """Three classes of 6x6 images that differ in where the bright row is."""

    def __init__(self, n: int = 150, batch_size: int = 16, seed: int = 0, labels=(0, 1, 2)) -> None:
        super().__init__()
        self.seed, self.batch_size = seed, batch_size
        generator = torch.Generator().manual_seed(3)
        target = torch.tensor(labels).repeat(n)[:n]
        images = torch.randn(n, 1, 6, 6, generator=generator)
        images[torch.arange(n), 0, 2 * (target % 3)] += 2.5
        self.train_set = LabeledImages(images[: n // 2], target[: n // 2])
        self.val_set = LabeledImages(images[n // 2 :], target[n // 2 :])

    def train_dataloader(self):
        sampler = ShuffledSampler(len(self.train_set), self.seed)
        return DataLoader(self.train_set, self.batch_size, sampler=sampler, collate_fn=as_is)

    def val_dataloader(self):
        return DataLoader(self.val_set, self.batch_size, collate_fn=as_is)


@pytest.fixture
def blobs():
    return Blobs


def small_network(dropout: float = 0.5) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Dropout(dropout),
        torch.nn.Linear(64, 3),
    )


@pytest.fixture
def network():
    return small_network
