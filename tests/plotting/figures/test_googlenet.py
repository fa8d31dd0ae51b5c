import pytest

from cnnhistory.plotting.figures.googlenet import branch_diagram, residual_module


def test_every_box_and_every_arrow(drawn):
    ax = branch_diagram([["a"], ["b", "c"], ["d", "e"]], "in", "out", marked=["b", "d"])
    assert sorted(text.get_text() for text in ax.texts) == ["a", "b", "c", "d", "e", "in", "out"]
    boxes = drawn(ax).boxes
    assert len(boxes) == 7
    assert len(drawn(ax).arrows) == 2 + 3 + 3
    texts = drawn(ax).texts
    colors = {}
    for text, box in zip(texts, boxes, strict=True):
        colors.setdefault(box.get_facecolor(), set()).add(text)
    assert sorted(map(sorted, colors.values())) == [["a", "c", "e"], ["b", "d"], ["in", "out"]]


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


def test_a_residual_module_has_every_box_and_the_shortcut(drawn):
    ax = residual_module([["a"], ["b", "c"]], "in", "1×1", "× 0.1", "out")
    shown = drawn(ax)
    assert len(shown.boxes) == 2 + 3 + 3  # ends of the branches, their boxes; scale, sum, output
    # two a branch and one more for the longer one; to scale, sum and output; the shortcut's
    assert len(shown.arrows) == 5 + 3 + 1
    texts = {text.get_text() for text in ax.texts}
    assert texts == {"in", "a", "b", "c", "1×1", "× 0.1", "+", "out"}


def test_a_residual_module_needs_branches():
    with pytest.raises(ValueError, match="branches: expected"):
        residual_module([], "in", "1×1", "× 0.1", "out")
