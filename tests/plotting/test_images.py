import matplotlib as mpl
import pytest
import torch

mpl.use("Agg")
import matplotlib.pyplot as plt

from cnnhistory.plotting.images import connection_table, image_grid


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_grid_draws_every_image_once():
    images = torch.arange(5 * 4 * 4.0).view(5, 4, 4)
    figure = image_grid(images, [str(i) for i in range(5)], columns=3)
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == ["0", "1", "2", "3", "4"]
    assert drawn[4].images[0].get_array().tolist() == images[4].tolist()
    assert {ax.images[0].get_clim() for ax in drawn} == {(0.0, 79.0)}


def test_symmetric_range_is_centered_on_zero():
    figure = image_grid(torch.tensor([[[-1.0, 3.0]]]), symmetric=True)
    assert figure.axes[0].images[0].get_clim() == (-3.0, 3.0)


def test_own_range():
    figure = image_grid(torch.tensor([[[0.0, 1.0]], [[0.0, 9.0]]]), shared_range=False)
    assert [ax.images[0].get_clim() for ax in figure.axes] == [(0, 1), (0, 9)]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="images"):
        image_grid(torch.zeros(2, 1, 4, 4))
    with pytest.raises(ValueError, match="titles: expected 2"):
        image_grid(torch.zeros(2, 4, 4), ["one"])


def test_connection_table_marks_the_links():
    links = torch.tensor([[True, False, True], [False, True, False]])
    ax = connection_table(links)
    assert sorted(text.get_position() for text in ax.texts) == [(0, 0), (0, 2), (1, 1)]
