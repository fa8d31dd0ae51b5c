import matplotlib as mpl
import pytest
import torch

mpl.use("Agg")
import matplotlib.pyplot as plt

from cnnhistory import create_model
from cnnhistory.accounting import summarize
from cnnhistory.plotting.architecture import MOST_SHEETS, architecture


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_shows_every_layer_with_its_size():
    ax = architecture(summarize(create_model("lenet5"), (1, 32, 32)), image=torch.eye(32))
    texts = {text.get_text() for text in ax.texts}
    assert {"C1", "6@28×28", "C3", "16@10×10", "F6", "84", "partial\nconvolution"} <= texts
    assert len(ax.images) == 1
    sheets = 1 + 6 + 6 + MOST_SHEETS + MOST_SHEETS + 3  # stacks, and three bars
    patches = 5  # what one unit of C1, S2, C3, S4 and C5 reads
    frame = 1  # around the image
    assert len(ax.patches) == sheets + patches + frame


def test_chosen_layers_only():
    table = summarize(create_model("lenet5_modern"), (1, 32, 32))
    texts = {text.get_text() for text in architecture(table, layers=["c1", "c3"]).texts}
    assert "F6" not in texts
    with pytest.raises(KeyError, match="no layer 'c9'"):
        architecture(table, layers=["c9"])


def test_nothing_to_draw():
    table = summarize(torch.nn.Sequential(torch.nn.ReLU()), (1, 4, 4))
    with pytest.raises(ValueError, match="no layer of a type"):
        architecture(table)
