import matplotlib as mpl
import pytest
import torch

mpl.use("Agg")
import matplotlib.pyplot as plt

from cnnhistory.plotting.color import beside, color_grid, show_color, stretched


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_grid_draws_every_image_once():
    images = torch.rand(5, 3, 4, 6)
    figure = color_grid(images, list("abcde"), columns=3, rows=["first", "second"])
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == list("abcde")
    for ax, image in zip(drawn, images, strict=True):
        assert ax.images[0].get_array().tolist() == image.permute(1, 2, 0).tolist()
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["first", "second"]


def test_bytes_stay_and_floats_are_cut_off():
    _, ax = plt.subplots()
    show_color(ax, torch.full((3, 1, 1), 200, dtype=torch.uint8))
    assert ax.images[0].get_array().tolist() == [[[200, 200, 200]]]
    show_color(ax, torch.tensor([-1.0, 0.5, 2.0]).view(3, 1, 1))
    assert ax.images[1].get_array().tolist() == [[[0, 0.5, 1]]]


def test_stretched_by_hand():
    images = torch.tensor([[-2.0, 0.0, 1.0], [0.0, 0.0, 0.0]]).view(2, 3, 1, 1)
    assert stretched(images).flatten(1).tolist() == [[0, 0.5, 0.75], [0.5, 0.5, 0.5]]


def test_patches_beside_projections():
    patches = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1, 1).expand(2, 1, 3, 1, 1)
    projections = torch.tensor([-4.0, 2.0]).view(2, 1, 1, 1, 1).expand(2, 1, 3, 1, 1)
    assert beside(patches, projections)[:, 0, 0, 0].tolist() == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="projections: expected shape"):
        beside(patches, projections[:1])


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"images: expected shape \(N, 3, H, W\)"):
        color_grid(torch.zeros(2, 1, 4, 4))
    with pytest.raises(ValueError, match="titles: expected 2, got 1"):
        color_grid(torch.zeros(2, 3, 4, 4), ["a"])
    with pytest.raises(ValueError, match="rows: expected 1, got 2"):
        color_grid(torch.zeros(2, 3, 4, 4), rows=["a", "b"])
