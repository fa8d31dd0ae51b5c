import pytest
import torch
from matplotlib.colors import to_hex

from cnnhistory import create_model
from cnnhistory.plotting.figures.resnet import STAGES, block_row


@pytest.mark.parametrize(
    ("name", "boxes", "arcs", "dashed"),
    [
        ("resnet20", 20, 9, 2),
        ("plain20", 20, 0, 0),
        ("resnet34", 34, 16, 3),
        ("resnet50", 50, 16, 3),
    ],
)
def test_a_box_a_layer_and_an_arc_a_shortcut(ax, drawn, name, boxes, arcs, dashed):
    with torch.device("meta"):
        network = create_model(name)
    assert block_row(network, name, ax=ax) is ax
    found = drawn(ax)
    assert len(found.boxes) == boxes
    assert [box.get_x() + 0.36 for box in found.boxes] == pytest.approx(range(boxes))
    assert len(found.arrows) == arcs
    assert [arrow.get_linestyle() for arrow in found.arrows].count("--") == dashed
    assert found.texts == [name]


def test_rows_below_each_other(ax, drawn):
    with torch.device("meta"):
        network = create_model("plain20")
    block_row(network, "above", ax=ax)
    block_row(network, "below", y=-3, ax=ax)
    assert {box.get_y() for box in drawn(ax).boxes} == {-0.5, -3.5}
    assert drawn(ax).at["below"][1] == -3


def test_stages_have_colors_of_their_own(ax, drawn):
    with torch.device("meta"):
        block_row(create_model("resnet34"), ax=ax)
    colors = [to_hex(box.get_facecolor()).upper() for box in drawn(ax).boxes]
    assert colors == [
        "#FFFFFF", *["#0072B2"] * 6, *["#D55E00"] * 8, *["#009E73"] * 12, *["#CC79A7"] * 6,
        "#FFFFFF",
    ]  # fmt: skip


class Block(torch.nn.Module):
    shortcut = None

    def __init__(self, width):
        super().__init__()
        self.out_channels = width


def test_what_has_no_blocks_or_too_many_stages_is_refused(ax):
    with pytest.raises(ValueError, match="network: expected one with `blocks`, got 'Linear'"):
        block_row(torch.nn.Linear(1, 1), ax=ax)
    network = torch.nn.Module()
    network.blocks = torch.nn.Sequential(*map(Block, range(1, len(STAGES) + 2)))
    with pytest.raises(ValueError, match="network: expected at most 6 stages, got 7"):
        block_row(network, ax=ax)
