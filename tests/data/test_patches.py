import numpy as np
import pytest
import torch

from cnnhistory.data import pictures
from cnnhistory.data.patches import (
    CELL,
    LARGE_PARTS,
    PARTS,
    SIDE,
    SMALLEST,
    PatchesDataModule,
    assigned_cells,
    enlarged,
    patches,
)


@pytest.fixture(scope="module")
def data():
    module = PatchesDataModule(batch_size=50)
    module.setup()
    return module


def test_sizes_and_levels(data):
    assert data.num_classes == len(data.classes) == 16
    for part, name in ((data.train_set, "train"), (data.val_set, "val"), (data.test_set, "test")):
        assert part.labels.bincount().tolist() == [PARTS[name]] * 16
        assert part.images.shape == (16 * PARTS[name], 3, SIDE, SIDE)
    assert data.train_set.images.mean((0, 2, 3)).abs().max() < 1e-3
    assert (data.train_set.images.std((0, 2, 3)) - 1).abs().max() < 1e-3
    merged = PatchesDataModule(val_size=0)
    assert len(merged.train_set) == 16 * (PARTS["train"] + PARTS["val"])
    assert merged.val_set is None
    assert merged.val_dataloader() == []


def test_everybody_has_the_same(data):
    again = PatchesDataModule(seed=9)
    assert again.content_hash == data.content_hash
    assert torch.equal(again.test_set.images, data.test_set.images)


def test_cells_do_not_overlap_and_belong_to_one_part():
    cells = assigned_cells("cat", (300, 451))
    corners = [at for part in cells.values() for at in part]
    assert len(corners) == len(set(corners)) == (300 // CELL) * (451 // CELL)
    assert {part: len(found) for part, found in cells.items()} == {"train": 18, "val": 3, "test": 7}
    for top, left in corners:
        assert top % CELL == left % CELL == 0
        assert top + CELL <= 300
        assert left + CELL <= 451


def test_patches_stay_inside_their_cells():
    picture = np.zeros((2 * CELL, 2 * CELL, 3), np.uint8)
    picture[:CELL, CELL:] = 255  # one white cell, flat: only its brightness can change
    found = patches(picture, [(0, CELL)], 40, np.random.default_rng(0))
    assert (found.reshape(40, 3, -1).std(2) == 0).all()
    # a patch out of the cell beside it would show a border or be dark
    assert found.mean() > 200


def test_half_of_the_patches_are_averaged_two_by_two():
    rng = np.random.default_rng(0)
    checkers = np.indices((CELL, CELL)).sum(0) % 2 * 60 + 90
    picture = np.repeat(checkers[:, :, None], 3, 2).astype(np.uint8)
    found = patches(picture, [(0, 0)], 20, rng).astype(float)
    spread = found.reshape(20, -1, SIDE * SIDE).std(2).max(1)
    assert (spread[::2] > 10).all()
    assert (spread[1::2] == 0).all()


def test_mean_color_does_not_give_the_picture_away(data):
    """The nearest mean color of a class names fewer than two patches in five."""
    centers = torch.stack(
        [data.train_set.images[data.train_set.labels == k].mean((0, 2, 3)) for k in range(16)]
    )
    colors = data.test_set.images.mean((2, 3))
    guess = torch.cdist(colors, centers).argmin(1)
    assert (guess == data.test_set.labels).float().mean() < 0.4


def test_a_missing_picture(monkeypatch):
    monkeypatch.setitem(pictures.PICTURES, "cat", ("skimage", "data", "dog.png"))
    with pytest.raises(FileNotFoundError, match=r"dog\.png comes with scikit-image, and is not"):
        pictures.read_picture("cat")
    monkeypatch.setitem(pictures.PICTURES, "cat", ("sklearn", "nowhere", "dog.png"))
    with pytest.raises(FileNotFoundError, match="scikit-learn"):
        pictures.read_picture("cat")


def test_an_unknown_picture():
    with pytest.raises(KeyError, match="unknown picture 'cats'; did you mean 'cat'"):
        pictures.read_picture("cats")


def test_gray_pictures_have_three_equal_channels():
    picture = pictures.read_picture("brick")
    assert picture.shape == (512, 512, 3)
    assert (picture[..., 0] == picture[..., 2]).all()


def test_wrong_arguments():
    with pytest.raises(ValueError, match="val_size: expected None or 0, got 7"):
        PatchesDataModule(val_size=7)


@pytest.fixture(scope="module")
def large():
    module = PatchesDataModule(side=64)
    module.setup()
    return module


def test_large_patches(large):
    assert large.image_shape == (3, 64, 64)
    assert large.val_size == len(large.val_set) == 16 * LARGE_PARTS["val"]
    for part, name in ((large.train_set, "train"), (large.test_set, "test")):
        assert part.labels.bincount().tolist() == [LARGE_PARTS[name]] * 16
        assert part.images.shape[2:] == (64, 64)
    assert large.describe()["name"] == "patches of 16 photographs, 64 by 64 pixels"
    with pytest.raises(ValueError, match="side: expected 32 or 64 to 96, got 63"):
        PatchesDataModule(side=63)


def test_large_patches_of_two_sizes_show_the_same():
    picture = pictures.read_picture("cat")
    some = [patches(picture, [(0, 64), (64, 64)], 6, np.random.default_rng(1), n) for n in (64, 96)]
    small, big = (torch.from_numpy(images).float() for images in some)
    shrunk = torch.nn.functional.interpolate(big, 64, mode="bilinear", antialias=True)
    assert (shrunk - small).abs().mean() < 4
    assert (small.flip(0) - small).abs().mean() > 20


def test_a_large_patch_is_an_enlarged_square_of_its_cell():
    ramp = np.arange(CELL, dtype=np.uint8)[:, None, None].repeat(CELL, 1).repeat(3, 2)
    for seed in range(20):
        patch = enlarged(ramp, 64, np.random.default_rng(seed))
        assert patch.shape == (64, 64, 3)
        assert np.ptp(patch, axis=1).max() == 0  # columns are equal, as in the cell
        steps = np.diff(patch[:, 0, 0])
        assert (steps >= 0).all()
        assert SMALLEST - 2 <= patch[-1, 0, 0] - patch[0, 0, 0] <= CELL - 1
