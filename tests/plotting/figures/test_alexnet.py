import pytest
import torch

from cnnhistory import create_model
from cnnhistory.accounting import summarize
from cnnhistory.plotting.figures.alexnet import towers

LAYERS = [*(f"features.conv{n}" for n in range(1, 6)), *(f"classifier.fc{n}" for n in (6, 7, 8))]
DIVIDED = [f"features.conv{n}" for n in (2, 4, 5)]


@pytest.fixture
def table():
    return summarize(create_model("alexnet", image_size=67, width=1 / 8), (3, 67, 67))


def lines(ax):
    """The lines as (crossing, layer that is read to, counted from 0)."""
    return [
        (line.get_linestyle() == "--", round(line.get_xdata()[1] / 1.75) - 1) for line in ax.lines
    ]


def test_halves_read_what_the_network_reads(table):
    ax = towers(table, LAYERS, DIVIDED)
    crossing = [layer for crosses, layer in lines(ax) if crosses]
    assert crossing == [2, 2, 5, 5, 6, 6]  # conv3, fc6 and fc7 read both halves
    straight = [layer for crosses, layer in lines(ax) if not crosses]
    assert straight == [n for n in range(8) for _ in range(2)]


def test_labels_are_the_tables(table):
    texts = [text.get_text() for text in towers(table, LAYERS, DIVIDED).texts]
    assert texts[:2] == ["3@67", "input"]
    assert texts[2:8] == ["6@15", "6@15", "conv1", "16@7", "16@7", "conv2"]
    assert texts[-2:] == ["1000", "fc8"]


def test_a_picture_is_shown(table):
    ax = towers(table, LAYERS, DIVIDED, image=torch.zeros(8, 8, 3, dtype=torch.uint8))
    assert len(ax.images) == 1


def test_wrong_arguments(table):
    with pytest.raises(ValueError, match="layers: expected at least two, got 1"):
        towers(table, LAYERS[:1], [])
    with pytest.raises(ValueError, match="divided: expected names of `layers`, got 'conv9'"):
        towers(table, LAYERS, ["conv9"])
    with pytest.raises(KeyError):
        towers(table, ["features.conv1", "conv9"], [])
