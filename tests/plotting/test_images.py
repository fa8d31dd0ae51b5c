import matplotlib.pyplot as plt
import pytest
import torch

from cnnhistory.plotting.images import (
    connection_table,
    image_grid,
    show_image,
    stretched,
    tiles,
)


def test_grid_draws_every_image_once():
    images = torch.arange(5 * 4 * 4.0).view(5, 4, 4)
    axes = image_grid(images, [str(i) for i in range(5)], columns=3)
    assert axes.shape == (2, 3)
    drawn = [ax for ax in axes.flat if ax.images]
    assert [ax.get_title() for ax in drawn] == ["0", "1", "2", "3", "4"]
    for ax, image in zip(drawn, images, strict=True):
        assert ax.images[0].get_array().tolist() == image.tolist()
    assert {ax.images[0].get_clim() for ax in drawn} == {(0.0, 79.0)}
    assert {ax.figure for ax in axes.flat} == {axes[0, 0].figure}
    assert not any(ax.axison for ax in axes.flat)


def test_grid_of_colors_with_names_of_rows():
    images = torch.rand(5, 3, 4, 6)
    axes = image_grid(images, list("abcde"), columns=3, rows=["first", "second"])
    for ax, image in zip(axes.flat, images, strict=False):
        assert ax.images[0].get_array().tolist() == image.permute(1, 2, 0).tolist()
    assert [[text.get_text() for text in row[0].texts] for row in axes] == [["first"], ["second"]]
    assert not axes[1, 2].images


def test_symmetric_range_is_centered_on_zero():
    axes = image_grid(torch.tensor([[[-1.0, 3.0]]]), symmetric=True)
    assert axes[0, 0].images[0].get_clim() == (-3.0, 3.0)
    assert axes[0, 0].images[0].get_cmap().name == "RdBu_r"


def test_own_range():
    axes = image_grid(torch.tensor([[[0.0, 1.0]], [[0.0, 9.0]]]), shared_range=False)
    assert [ax.images[0].get_clim() for ax in axes.flat] == [(0, 1), (0, 9)]


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (torch.zeros(2, 1, 4, 4), {}, r"images: expected shape \(N, H, W\) or \(N, 3, H, W\)"),
        (torch.zeros(0, 4, 4), {}, "images: expected .* N > 0"),
        (torch.zeros(2, 4, 4), {"titles": ["one"]}, "titles: expected 2, got 1"),
        (torch.zeros(2, 4, 4), {"rows": ["a", "b"]}, "rows: expected 1, got 2"),
        (torch.zeros(2, 4, 4), {"columns": 0}, "columns: expected at least 1, got 0"),
        (torch.zeros(2, 3, 4, 4), {"symmetric": True}, "symmetric: expected False for images"),
    ],
)
def test_bad_grids_are_refused(images, options, message):
    with pytest.raises(ValueError, match=message):
        image_grid(images, **options)
    assert not plt.get_fignums()


def test_bytes_stay_and_floats_are_cut_off(ax):
    assert show_image(torch.full((3, 1, 1), 200, dtype=torch.uint8), ax=ax) is ax
    assert ax.images[0].get_array().tolist() == [[[200, 200, 200]]]
    show_image(torch.tensor([-1.0, 0.5, 2.0]).view(3, 1, 1), ax=ax)
    assert ax.images[1].get_array().tolist() == [[[0, 0.5, 1]]]


def test_one_channel_between_its_limits(ax):
    weight = torch.nn.Parameter(torch.tensor([[0.0, 2.0]]))
    show_image(weight, ax=ax)
    show_image(weight, limits=(-4, 4), colormap="viridis", ax=ax)
    assert [image.get_clim() for image in ax.images] == [(0, 2), (-4, 4)]
    assert ax.images[1].get_cmap().name == "viridis"
    for shape in ((4,), (1, 2, 2), (4, 2, 2), (1, 3, 2, 2)):
        with pytest.raises(ValueError, match=r"image: expected shape \(H, W\) or \(3, H, W\)"):
            show_image(torch.zeros(shape), ax=ax)


@pytest.mark.parametrize("shape", [(5, 3, 3), (5, 3, 3, 3)])
def test_tiles_do_not_overlap(ax, shape):
    images = torch.linspace(0, 1, int(torch.tensor(shape).prod())).view(shape)
    assert tiles(images, list("abcde"), columns=3, ax=ax) is ax
    assert [text.get_text() for text in ax.texts] == list("abcde")
    boxes = [tuple(image.get_extent()) for image in ax.images]
    assert len(set(boxes)) == 5
    assert boxes[1][0] > boxes[0][1]  # beside the first
    assert boxes[3][3] > boxes[0][2]  # below it
    (right, left), (bottom, top) = ax.get_xlim()[::-1], ax.get_ylim()
    for x0, x1, y1, y0 in boxes:
        assert x1 - x0 == y1 - y0 == 3
        assert left <= x0 < x1 <= right
        assert top <= y0 < y1 <= bottom
    first = images[0] if images.dim() == 3 else images[0].permute(1, 2, 0)
    assert torch.tensor(ax.images[0].get_array().tolist()).allclose(first)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        (torch.zeros(3, 3), {}, r"images: expected shape \(N, H, W\)"),
        (torch.zeros(2, 3, 3), {"titles": ["a"]}, "titles: expected 2, got 1"),
        (torch.zeros(2, 3, 3), {"columns": -1}, "columns: expected at least 1, got -1"),
    ],
)
def test_bad_tiles_are_refused(ax, images, options, message):
    with pytest.raises(ValueError, match=message):
        tiles(images, ax=ax, **options)


def test_connection_table_marks_the_links(ax):
    links = torch.tensor([[True, False, True], [False, True, False]])
    assert connection_table(links, ax=ax) is ax
    assert sorted(text.get_position() for text in ax.texts) == [(0, 0), (0, 2), (1, 1)]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("output map", "input map")
    assert (list(ax.get_xticks()), list(ax.get_yticks())) == ([0, 1], [0, 1, 2])
    for bad in (torch.ones(3), torch.ones(0, 3)):
        with pytest.raises(ValueError, match=r"links: expected shape \(output maps, input maps\)"):
            connection_table(bad, ax=ax)


def test_stretched_by_hand():
    images = torch.tensor([[-2.0, 0.0, 1.0], [0.0, 0.0, 0.0]]).view(2, 3, 1, 1)
    assert stretched(images).flatten(1).tolist() == [[0, 0.5, 0.75], [0.5, 0.5, 0.5]]
