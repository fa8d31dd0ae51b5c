import pytest

from cnnhistory.plotting.figures.mobilenet import block_widths, wiring


def test_every_weight_is_drawn(drawn):
    shown = drawn(wiring(2, 3, kernel=3))
    maps = 2 + 3 + 2 + 2 + 3
    assert len(shown.boxes) == maps + 9 * 2 * 3 + 9 * 2 + 2 * 3
    assert len(shown.lines) == 2 * 3 + 2 + 2 * 3
    assert shown.texts == ["full: 54 weights", "depthwise: 18", "pointwise: 6"]


def test_no_maps_are_refused():
    with pytest.raises(ValueError, match="outputs: expected a whole number, at least 1, got 0"):
        wiring(2, 0)


def test_tensors_are_as_high_as_they_have_maps(drawn):
    shown = drawn(block_widths([("a", (8, 2, 8), ("x", "y")), ("b", (4, 16), ("z",))]))
    heights = [patch.get_height() for patch in shown.boxes]
    assert heights == pytest.approx([h * heights[0] / 8 for h in (8, 2, 8, 4, 16)])
    assert len(shown.arrows) == 3 + 2  # from tensor to tensor, and a shortcut each
    assert {"8", "2", "4", "16", "x", "y", "z", "a", "b"} == set(shown.texts)


@pytest.mark.parametrize("blocks", [[], [("a", (8, 2), ())]])
def test_blocks_without_texts_between_are_refused(blocks):
    with pytest.raises(ValueError, match="blocks: expected with a text between each two tensors"):
        block_widths(blocks)
