import numpy as np
import pytest
import torch

from cnnhistory.data import pictures
from cnnhistory.data.patches import (
    CELL,
    PARTS,
    SIDE,
    PatchesDataModule,
    assigned_cells,
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


def test_gray_pictures_have_three_equal_channels():
    picture = pictures.read_picture("brick")
    assert picture.shape == (512, 512, 3)
    assert (picture[..., 0] == picture[..., 2]).all()


def test_wrong_arguments():
    with pytest.raises(ValueError, match="val_size must be None or 0, not 7"):
        PatchesDataModule(val_size=7)
