import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cnnhistory.plotting.branches import branch_diagram


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_every_box_and_every_arrow():
    ax = branch_diagram([["a"], ["b", "c"], ["d", "e"]], "in", "out", marked=["b", "d"])
    assert sorted(text.get_text() for text in ax.texts) == ["a", "b", "c", "d", "e", "in", "out"]
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert len(boxes) == 7
    assert len(arrows) == 2 + 3 + 3
    colors = {box.get_facecolor() for box in boxes}
    assert len(colors) == 3


def test_ends_of_branches_stand_in_one_row():
    ax = branch_diagram([["a"], ["b", "c"]], "in", "out")
    at = {text.get_text(): text.get_position() for text in ax.texts}
    assert at["a"][1] == at["c"][1] > at["b"][1] > at["in"][1]
    assert at["b"][0] == at["c"][0] > at["a"][0]
    assert at["out"][1] > at["c"][1]


@pytest.mark.parametrize("branches", [[], [["a"], []]])
def test_empty_branches_are_refused(branches):
    with pytest.raises(ValueError, match="branches: expected one or more, none empty"):
        branch_diagram(branches, "in", "out")
