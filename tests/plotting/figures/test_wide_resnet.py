import pytest
import torch
from torch import nn

from cnnhistory import create_model
from cnnhistory.plotting.figures.wide_resnet import HIGH, width_row


def wide(depth, widen):
    with torch.device("meta"):
        return create_model("wrn_16_4", depth=depth, widen=widen)


def test_a_bar_a_convolution_as_high_as_its_maps(ax, drawn):
    assert width_row(wide(16, 2), "WRN-16-2", ax=ax) is ax
    found = drawn(ax)
    maps = [32] * 4 + [64] * 4 + [128] * 4
    assert [box.get_height() for box in found.boxes] == [2 * m / HIGH for m in maps]
    assert len({box.get_facecolor() for box in found.boxes}) == 3
    styles = [arrow.get_linestyle() for arrow in found.arrows]
    assert styles == ["--", "-"] * 3  # the first block of each stage projects
    assert found.texts == ["32", "64", "128", "WRN-16-2"]


def test_rows_beside_each_other(ax, drawn):
    width_row(wide(10, 1), "left", ax=ax)
    right = ax.get_xlim()[1]
    width_row(wide(10, 2), "right", x=right + 2, ax=ax)
    assert min(box.get_x() for box in drawn(ax).boxes[6:]) > right


def test_a_network_without_blocks_is_refused():
    with pytest.raises(ValueError, match="network: expected one with `blocks`, got 'Linear'"):
        width_row(nn.Linear(2, 2))
