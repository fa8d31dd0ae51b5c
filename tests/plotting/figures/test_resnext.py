import pytest
from torch import nn

from cnnhistory.nn.residual import Bottleneck
from cnnhistory.plotting.figures.resnext import connections, paths


@pytest.mark.parametrize(("groups", "columns"), [(1, 1), (4, 4), (8, 3)])
def test_paths_are_columns_and_many_are_dots(ax, drawn, groups, columns):
    block = Bottleneck(64, 16, 1, "B", inner=16, groups=groups)
    assert paths(block, ax=ax) is ax
    found = drawn(ax)
    own = 16 // groups
    boxes = [f"64, 1×1, {own}", f"{own}, 3×3, {own}", f"{own}, 1×1, 64"]
    assert [text for text in found.texts if "×" in text] == boxes * columns
    assert len(found.boxes) == 3 * columns + 1  # and the sum
    assert any(f"{groups} paths" in text for text in found.texts) == (columns < groups)


def test_connections_are_blocks_on_the_diagonal(ax, drawn):
    assert connections(nn.Conv2d(8, 12, 3, groups=4), ax=ax) is ax
    found = drawn(ax)
    assert [(box.get_x(), box.get_y()) for box in found.boxes] == [(2 * g, 3 * g) for g in range(4)]
    assert {(box.get_width(), box.get_height()) for box in found.boxes} == {(2, 3)}
    assert ax.get_ylim() == (12, 0)


@pytest.mark.parametrize(("draw", "name"), [(paths, "block"), (connections, "layer")])
def test_other_modules_are_refused(draw, name):
    with pytest.raises(ValueError, match=f"{name}: expected a"):
        draw(nn.Linear(2, 2))
