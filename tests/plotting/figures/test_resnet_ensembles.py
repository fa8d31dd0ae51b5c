import pytest

from cnnhistory.plotting.figures.resnet_ensembles import unraveled


def test_the_paths_of_three_blocks(ax, drawn):
    assert unraveled(3, ax=ax) is ax
    assert len(ax.lines) == 8
    found = drawn(ax)
    assert len(found.boxes) == 12  # 8 paths, each block on half of them
    lengths = [text for text in found.texts if text.isdigit()]
    assert lengths == list("01112223")
    # the n-th block has one color and one place on all its paths
    by_text = {}
    for text, box in zip([t for t in found.texts if "f_" in t], found.boxes, strict=True):
        by_text.setdefault(text, set()).add((box.get_facecolor(), box.get_x()))
    assert sorted(by_text) == ["$f_1$", "$f_2$", "$f_3$"]
    assert {len(places) for places in by_text.values()} == {1}


@pytest.mark.parametrize("bad", [0, 6])
def test_what_cannot_be_read_is_refused(ax, bad):
    with pytest.raises(ValueError, match=f"blocks: expected 1 to 5, got {bad}"):
        unraveled(bad, ax=ax)
