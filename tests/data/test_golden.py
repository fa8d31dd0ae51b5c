"""The same examples in the same order for everybody: the first batches, as they always were.

Recorded runs stand on these; a change here makes the weights of the zoo answers to another
question.
"""

import hashlib

import numpy as np
import pytest

from cnnhistory.data.cifar10 import Cifar10DataModule
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.data.patches import PatchesDataModule

DIGITS = [
    {},
    {"levels": "paper", "val_size": 0, "batch_size": 50},
    {"levels": "symmetric", "size": 16, "pad_to": 28, "seed": 3},
    {"pad_to": 28, "split_seed": 1, "train_size": 1000, "test_size": 200},
]
PATCHES = [
    {},
    {"crop": 24, "val_size": 0, "levels": "bytes", "seed": 2},
    {"augment": True, "crop": 24, "pad": 2},
    {"side": 64, "levels": "bytes", "batch_size": 20},
]
CIFAR10 = [
    {"val_size": 0, "crop": 24, "pad": 0, "batch_size": 10},
    {"val_size": 20, "split_seed": 1, "seed": 1},
    {"val_size": 20, "augment": False, "levels": "bytes"},
]
KNOWN = {
    ("digits", "default"): "4ec97dfe8013e601",
    ("digits", "levels=paper,val_size=0,batch_size=50"): "1eebbfa978541869",
    ("digits", "levels=symmetric,size=16,pad_to=28,seed=3"): "ccd8a064b3d54d13",
    ("digits", "pad_to=28,split_seed=1,train_size=1000,test_size=200"): "aa5f90ee4c4ca6bb",
    ("full", "default"): "c9d4f7f37b4507cb",
    ("patches", "default"): "6d77b63156d7a90f",
    ("patches", "crop=24,val_size=0,levels=bytes,seed=2"): "ac287fffc7581e48",
    ("patches", "augment=True,crop=24,pad=2"): "219e3561f45b06b9",
    ("patches", "side=64,levels=bytes,batch_size=20"): "e3be927bdbc28514",
    ("cifar10", "val_size=0,crop=24,pad=0,batch_size=10"): "9adce7a15a748c50",
    ("cifar10", "val_size=20,split_seed=1,seed=1"): "0a888b02391a9e79",
    ("cifar10", "val_size=20,augment=False,levels=bytes"): "e6c682240c923f3c",
}


def digest(data):
    """Of the first batches of epochs 0 and 1, the first of the others, and the content hash."""
    total = hashlib.sha256(data.content_hash.encode())

    def take(batch):
        images, labels = batch
        if hasattr(data, "as_bytes"):  # free of the last bit of a mean over all pixels
            images = data.as_bytes(images)
        total.update(str((tuple(images.shape), str(labels.dtype))).encode())
        total.update(np.ascontiguousarray(images.numpy()).tobytes())
        total.update(labels.numpy().tobytes())

    loader = data.train_dataloader()
    for epoch in (0, 1):
        loader.sampler.set_epoch(epoch)
        take(next(iter(loader)))
    for other in (data.val_dataloader(), data.test_dataloader()):
        if other != []:
            take(next(iter(other)))
    return total.hexdigest()[:16]


def name_of(settings):
    return ",".join(f"{key}={value}" for key, value in settings.items()) or "default"


@pytest.mark.parametrize("settings", DIGITS, ids=name_of)
def test_digits(settings):
    assert digest(DigitsDataModule(scale="small", **settings)) == KNOWN["digits", name_of(settings)]


@pytest.mark.parametrize("settings", DIGITS[:1], ids=name_of)
def test_full_digits(settings, mirror):
    mirror(6000, 300)
    assert digest(DigitsDataModule(scale="full", **settings)) == KNOWN["full", name_of(settings)]


@pytest.mark.parametrize("settings", PATCHES, ids=name_of)
def test_patches(settings):
    assert digest(PatchesDataModule(**settings)) == KNOWN["patches", name_of(settings)]


@pytest.mark.parametrize("settings", CIFAR10, ids=name_of)
def test_cifar10(settings, cifar10_root):
    found = digest(Cifar10DataModule(root=cifar10_root, **settings))
    assert found == KNOWN["cifar10", name_of(settings)]
