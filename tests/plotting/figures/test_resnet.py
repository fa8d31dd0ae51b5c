import matplotlib as mpl
import pytest
import torch

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, Rectangle

from cnnhistory import create_model
from cnnhistory.plotting.residual import block_row, unraveled


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def patches(ax, kind):
    return [patch for patch in ax.patches if isinstance(patch, kind)]


@pytest.mark.parametrize(
    ("name", "boxes", "arcs", "dashed"),
    [
        ("resnet20", 20, 9, 2),
        ("plain20", 20, 0, 0),
        ("resnet34", 34, 16, 3),
        ("resnet50", 50, 16, 3),
    ],
)
def test_a_box_a_layer_and_an_arc_a_shortcut(ax, name, boxes, arcs, dashed):
    with torch.device("meta"):
        network = create_model(name)
    assert block_row(ax, network, label=name) == arcs
    assert len(patches(ax, Rectangle)) == boxes
    styles = [arrow.get_linestyle() for arrow in patches(ax, FancyArrowPatch)]
    assert styles.count("--") == dashed
    with pytest.raises(ValueError, match="one with `blocks`"):
        block_row(ax, torch.nn.Linear(1, 1))


def test_the_paths_of_three_blocks(ax):
    assert unraveled(ax, 3) == 8
    assert len(patches(ax, Rectangle)) == 12  # 8 paths, each block on half of them
    lengths = [text.get_text() for text in ax.texts if text.get_text().isdigit()]
    assert lengths == list("01112223")
    for bad in (0, 6):
        with pytest.raises(ValueError, match="blocks: expected 1 to 5"):
            unraveled(ax, bad)
