import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnnhistory.data import cifar10_files
from cnnhistory.data.cifar10 import Cifar10DataModule
from cnnhistory.data.fetch import FetchError

MIRROR = os.environ.get("CNNHISTORY_DATA")  # before a test's clean environment takes it away


def test_the_format_by_hand(tmp_path, archive):
    record = np.zeros(cifar10_files.RECORD, np.uint8)
    record[0] = 7  # label, then 1,024 bytes each of red, green and blue, row by row
    record[1 + 33] = 200  # red, row 1, column 1
    record[1 + 2 * 1024 + 31] = 9  # blue, row 0, column 31
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(archive([record.tobytes()] * 6))
    (images, labels), (test, _) = cifar10_files.read_file(path)
    assert images.shape == (5, 3, 32, 32)
    assert labels.tolist() == [7] * 5
    assert len(test) == 1
    assert images[0, 0, 1, 1] == 200
    assert images[0, 2, 0, 31] == 9
    assert images[0].sum() == 209


def test_parts_levels_and_hash(cifar10_root):
    data = Cifar10DataModule(root=cifar10_root, val_size=20, augment=False, batch_size=16)
    assert len(data.train_set) == 80
    assert len(data.val_set) == 20
    assert len(data.test_set) == 20
    assert data.val_set.labels.bincount().tolist() == [2] * 10
    images = data.train_set.images
    assert images.shape == (80, 3, 32, 32)
    assert images.mean((0, 2, 3)).abs().max() < 1e-4
    assert (images.std((0, 2, 3)) - 1).abs().max() < 1e-3
    assert data.mean.shape == data.std.shape == (3,)
    raw = Cifar10DataModule(root=cifar10_root, val_size=20, levels="bytes")
    assert torch.equal(raw.as_bytes(raw.test_set.images), data.as_bytes(data.test_set.images))
    assert raw.std.tolist() == [1, 1, 1]
    assert raw.content_hash == data.content_hash
    assert Cifar10DataModule(root=cifar10_root, val_size=10).content_hash != data.content_hash
    again = Cifar10DataModule(root=cifar10_root, val_size=20, split_seed=1)
    assert again.content_hash != data.content_hash
    batch, labels = next(iter(data.train_dataloader()))
    assert batch.shape == (16, 3, 32, 32)
    assert labels.dtype == torch.int64
    assert data.describe()["name"] == "CIFAR-10"


def test_fewer_training_images(cifar10_root):
    few = Cifar10DataModule(root=cifar10_root, val_size=20, train_size=30, levels="bytes")
    all_of_them = Cifar10DataModule(root=cifar10_root, val_size=20, levels="bytes")
    assert few.train_set.labels.bincount().tolist() == [3] * 10
    assert torch.equal(few.val_set.labels, all_of_them.val_set.labels)
    assert len(few.test_set) == 20
    kept, there = (
        {tuple(row) for row in data.as_bytes(data.train_set.images).flatten(1).tolist()}
        for data in (few, all_of_them)
    )
    assert kept < there


def test_augmentation(cifar10_root):
    data = Cifar10DataModule(root=cifar10_root, val_size=0, crop=24, pad=2, batch_size=100, seed=3)
    whole = Cifar10DataModule(root=cifar10_root, val_size=0, augment=False)
    loader = data.train_dataloader()

    def epoch(k):
        loader.sampler.set_epoch(k)
        batch, labels = next(iter(loader))
        return data.as_bytes(batch), labels, [*loader.sampler]

    batch, labels, order = epoch(0)
    assert batch.shape == (100, 3, 24, 24)
    assert torch.equal(labels, whole.train_set.labels[order])
    again = epoch(0)[0]
    assert torch.equal(batch, again), "the same epoch, the same crops"
    later, _, other = epoch(1)
    first_time = batch[np.argsort(order)]
    second_time = later[np.argsort(other)]
    moved = (first_time != second_time).flatten(1).any(1).float().mean()
    assert moved > 0.9

    # every crop is found in its padded image, as it is or mirrored
    border = data.mean.round().to(torch.uint8)[:, None, None].expand(3, 36, 36).clone()
    mirrored = 0
    for image, k in zip(batch, order, strict=True):
        padded = border.clone()
        padded[:, 2:34, 2:34] = whole.as_bytes(whole.train_set.images[k])
        windows = padded.unfold(1, 24, 1).unfold(2, 24, 1).permute(1, 2, 0, 3, 4)
        plain = (windows == image).flatten(2).all(2).any()
        flipped = (windows == image.flip(2)).flatten(2).all(2).any()
        assert plain or flipped
        mirrored += int(flipped)
    assert 30 < mirrored < 70

    # evaluation sees the middle, unmirrored
    middle = data.as_bytes(data.train_set.images)
    assert torch.equal(middle, whole.as_bytes(whole.train_set.images)[..., 4:28, 4:28])


def test_download(server, archive, cifar10_batches, monkeypatch):
    import hashlib

    content = archive(cifar10_batches)
    server.files["/cifar-10-binary.tar.gz"] = content
    monkeypatch.setattr(cifar10_files, "ADDRESSES", [f"{server.url}{cifar10_files.ARCHIVE}"])
    with pytest.raises(FetchError, match="Content-Length: expected 170052171, got"):
        Cifar10DataModule().prepare_data()
    monkeypatch.setattr(cifar10_files, "ARCHIVE_BYTES", len(content))
    with pytest.raises(FetchError, match="hash: expected md5:c32a1d4a"):
        Cifar10DataModule().prepare_data()
    monkeypatch.setattr(cifar10_files, "MD5", f"md5:{hashlib.md5(content).hexdigest()}")
    data = Cifar10DataModule(val_size=10)
    data.prepare_data()
    assert len(data.train_set) == 90
    asked = len(server.asked)
    Cifar10DataModule().prepare_data()
    assert len(server.asked) == asked, "a good file is not fetched again"


@pytest.fixture
def jpeg_copy(tmp_path):
    """A copy of four images as JPEG files: its path, its arrays, and the images."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4, 1, 1, 3), dtype=np.uint8).repeat(32, 1).repeat(32, 2)
    path = tmp_path / "cifar10" / cifar10_files.JPEG_COPY
    path.parent.mkdir()
    arrays = packed([encoded(image, "JPEG") for image in images])
    arrays["labels"] = np.array([3, 1, 4, 1], np.uint8)
    arrays["split"] = np.array([0, 0, 1, 0], np.uint8)
    np.savez(path, **arrays)
    return path, arrays, images


def encoded(image, kind):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind, **({"quality": 95} if kind == "JPEG" else {}))
    return stream.getvalue()


def packed(files):
    return {
        "data": np.frombuffer(b"".join(files), np.uint8),
        "offsets": np.cumsum([0, *map(len, files)]),
    }


def test_jpeg_copy(jpeg_copy, tmp_path):
    path, _, images = jpeg_copy
    (train, labels), (_, test_labels) = cifar10_files.read_file(path)
    assert labels.tolist() == [3, 1, 1]
    assert test_labels.tolist() == [4]
    difference = train.astype(int) - images[[0, 1, 3]].transpose(0, 3, 1, 2)
    assert np.abs(difference).max() <= 4
    assert "JPEG copy" in Cifar10DataModule(root=tmp_path, val_size=0).describe()["name"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"labels": np.array([3, 1, 10, 1])}, "labels in .*: expected 0 to 9"),
        ({"labels": np.array([3, -1, 1, 1])}, "labels in .*: expected 0 to 9"),
        ({"labels": np.array([3.0, 1, 1, 1])}, "labels in .*: expected type iu, got float64"),
        ({"labels": np.array([3, 1, 1])}, "split in .*: expected shape"),
        ({"split": np.array([0, 2, 1, 0])}, "a split of 0 and 1"),
        ({"split": np.zeros(4, int)}, "has no images"),
        ({"split": np.array([None] * 4)}, "split in .*: expected type iu, got object"),
        ({"offsets": np.arange(4)}, r"offsets in .*: expected 5, got shape \(4,\)"),
        ({"offsets": np.array([0, 9, 5, 12, 13])}, "offsets in .*: expected to rise from 0"),
        ({"data": np.zeros(10, np.int16)}, "data in .*: expected type u1, got int16"),
        ({"data": np.zeros(0, np.uint8)}, "offsets in .*: expected to rise from 0 to 0"),
    ],
)
def test_a_jpeg_copy_that_is_none(jpeg_copy, wrong, message):
    path, arrays, _ = jpeg_copy
    np.savez(path, **{**arrays, **wrong})
    with pytest.raises(FetchError, match=message):
        cifar10_files.read_file(path)


def test_a_jpeg_copy_without_an_array_or_cut_short(jpeg_copy):
    path, arrays, _ = jpeg_copy
    np.savez(path, data=arrays["data"])
    with pytest.raises(FetchError, match="has no array offsets"):
        cifar10_files.read_file(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(FetchError, match="is damaged"):
        cifar10_files.read_file(path)


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n%%EndComments\nshowpage\n"


def test_no_other_format_is_opened(jpeg_copy, monkeypatch):
    path, arrays, images = jpeg_copy
    from PIL import EpsImagePlugin

    def started(*args: object) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", started)
    gray = encoded(images[0, :, :, 0], "JPEG")
    large = encoded(images[0].repeat(2, 0), "JPEG")
    for file, message in (
        (POSTSCRIPT, "picture 2 of .* is damaged, or no JPEG"),
        (encoded(images[0], "PNG"), "picture 2 of .* is damaged, or no JPEG"),
        (b"", "picture 2 of .* is damaged, or no JPEG"),
        (gray, "picture 2 of .*: expected 32x32 pixels, RGB, got 32x32, L"),
        (large, "picture 2 of .*: expected 32x32 pixels, RGB, got 32x64"),
    ):
        files = [encoded(image, "JPEG") for image in images]
        files[2] = file
        np.savez(path, **{**arrays, **packed(files)})
        with pytest.raises(FetchError, match=message):
            cifar10_files.read_file(path)


def test_damaged_archives(tmp_path, archive, cifar10_batches):
    batches = cifar10_batches
    path = tmp_path / "a.tar.gz"
    path.write_bytes(archive(batches[:5]))
    with pytest.raises(FetchError, match=r"has no test_batch\.bin"):
        cifar10_files.read_file(path)
    path.write_bytes(archive([*batches[:5], batches[5][:-1]]))
    with pytest.raises(FetchError, match=r"test_batch\.bin has 61459 bytes"):
        cifar10_files.read_file(path)
    path.write_bytes(archive([*batches[:5], bytes(cifar10_files.RECORD * 10_001)]))
    with pytest.raises(FetchError, match=r"test_batch\.bin in .*: expected at most 30,730,000"):
        cifar10_files.read_file(path)
    bad = np.frombuffer(batches[0], np.uint8).copy()
    bad[0] = 10
    path.write_bytes(archive([bad.tobytes(), *batches[1:]]))
    with pytest.raises(FetchError, match="labels that are not 0 to 9"):
        cifar10_files.read_file(path)


def test_archives_with_flipped_bytes(tmp_path, archive, cifar10_batches):
    """Whatever is damaged, there is one kind of error, and never a bare one of zlib."""
    path = tmp_path / "a.tar.gz"
    whole = archive(cifar10_batches)
    rng = np.random.default_rng(0)
    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(20, len(content), 3):
            content[at] ^= 1 << rng.integers(8)
        path.write_bytes(content[: rng.integers(1, len(content)) if rng.random() < 0.3 else None])
        with pytest.raises(FetchError, match=r"not a complete zip or tar archive|has no"):
            cifar10_files.read_file(path)


def test_a_folder_without_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither cifar-10-binary"):
        Cifar10DataModule(root=tmp_path).prepare_data()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "batch_size: expected an integer of at least 1, got 0"),
        ({"levels": "unit"}, "levels: expected one of standard, bytes, got 'unit'"),
        ({"crop": 33}, "crop: expected an integer from 1 to 32, got 33"),
        ({"crop": 27}, "crop: expected 32 or an even number of pixels less, got 27"),
        ({"pad": -1}, "pad: expected an integer from 0 to 32, got -1"),
        ({"seed": -1}, "seed: expected an integer of at least 0, got -1"),
        ({"val_size": -1}, "val_size: expected an integer of at least 0, got -1"),
        ({"train_size": 0}, "train_size: expected an integer of at least 1, got 0"),
    ],
)
def test_wrong_arguments(wrong, message):
    with pytest.raises(ValueError, match=message):
        Cifar10DataModule(**wrong)


@pytest.mark.slow
def test_the_real_one():
    root = Path(MIRROR or "absent")
    if not (root / "cifar10").is_dir():
        pytest.skip("CNNHISTORY_DATA names no folder with cifar10")
    data = Cifar10DataModule(root=root, val_size=0)
    assert len(data.train_set) == 50000
    assert data.test_set.labels.bincount().tolist() == [1000] * 10
    # the channel means that everybody publishes, 0.4914 0.4822 0.4465
    published = torch.tensor([0.4914, 0.4822, 0.4465])
    torch.testing.assert_close(data.mean / 255, published, atol=0.002, rtol=0)
