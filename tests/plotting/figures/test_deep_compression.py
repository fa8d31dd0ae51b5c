import pytest
from matplotlib.colors import to_hex

from cnnhistory.plotting.figures.deep_compression import (
    byte_bars,
    code_tree,
    codebook_rows,
    steps,
)
from cnnhistory.plotting.style import COLORS

WEIGHT = [[0.5, -0.1], [0.0, 1.0]]
CODES = [[0, -1], [-1, 1]]
NOTES = ["all", "pruned", "shared", "written"]
WORDS = {"a": "0", "b": "10", "c": "11"}


def faces(ax):
    return [to_hex(patch.get_facecolor()).upper() for patch in ax.patches]


def test_steps_show_all_then_what_is_left_then_its_shared_values(ax):
    steps(WEIGHT, CODES, {"gaps": [("0", 0), ("10", -1)]}, NOTES, ax=ax)
    cells = faces(ax)
    assert len(cells) == 12
    assert cells[1] != "#FFFFFF"  # not yet pruned
    assert cells[2] == "#FFFFFF"  # a weight of 0 is white
    assert cells[3] == "#262626"  # the largest is darkest
    assert [cell == "#FFFFFF" for cell in cells[4:8]] == [False, True, True, False]
    assert cells[8:] == [COLORS[0].upper(), "#FFFFFF", "#FFFFFF", COLORS[1].upper()]


def test_steps_write_every_bit_and_break_lines(ax):
    steps(WEIGHT, CODES, {"gaps": [("0", 0), ("10", -1)]}, NOTES, width=2, ax=ax)
    bits = [text for text in ax.texts if text.get_text() in "01"]
    assert "".join(bit.get_text() for bit in bits) == "010"
    assert len({bit.get_position()[1] for bit in bits}) == 2
    assert [bit.get_color() for bit in bits] == [COLORS[0], "0.45", "0.45"]
    assert {text.get_text() for text in ax.texts} >= {*NOTES, "gaps"}


def test_steps_refuse_what_does_not_fit(ax):
    with pytest.raises(ValueError, match="notes: expected 4, got 3"):
        steps(WEIGHT, CODES, {}, NOTES[:3], ax=ax)
    with pytest.raises(ValueError, match=r"codes: expected rows of \[2, 2\] numbers, got \[1, 1\]"):
        steps(WEIGHT, [[0], [1]], {}, NOTES, ax=ax)
    with pytest.raises(ValueError, match="width: expected at least 1, got 0"):
        steps(WEIGHT, CODES, {}, NOTES, width=0, ax=ax)


def test_steps_refuse_two_values_of_one_color(ax):
    with pytest.raises(ValueError, match="codes, streams: expected numbers from -1 to 6, got"):
        steps(WEIGHT, [[0, 7], [-1, 1]], {}, NOTES, ax=ax)
    with pytest.raises(ValueError, match="codes, streams: expected numbers from -1 to 6, got"):
        steps(WEIGHT, CODES, {"gaps": [("0", 7)]}, NOTES, ax=ax)


def test_codebooks_have_a_row_each(ax):
    codebook_rows({"linear": [-1, 0, 1], "random": [0, 0.5]}, {"linear": [-2, 0, 2]}, ax=ax)
    drawn = [list(line.get_xdata()) for line in ax.lines]
    assert drawn == [[-1, 0, 1], [-2, 0, 2], [0, 0.5], []]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["linear", "random"]


def test_codebooks_refuse_a_start_of_nothing(ax):
    with pytest.raises(ValueError, match="starts: expected names of codebooks, got 'density'"):
        codebook_rows({"linear": [0]}, {"density": [0]}, ax=ax)
    with pytest.raises(ValueError, match="codebooks: expected 1 to 7 different names"):
        codebook_rows({str(n): [0] for n in range(8)}, ax=ax)


def test_a_tree_has_its_words_and_sums(ax):
    assert code_tree(WORDS, {"a": 5, "b": 2, "c": 1}, ax=ax) is ax
    texts = [text.get_text() for text in ax.texts]
    assert {"8", "3", "a 5", "b 2", "c 1", "0", "10", "11"} <= set(texts)
    assert len(ax.lines) == 4  # two from each inner node
    heights = {t.get_text(): t.get_position()[1] for t in ax.texts}
    assert heights["8"] > heights["3"] == heights["a 5"] > heights["b 2"] == heights["c 1"]


def test_a_tree_with_one_branch_is_drawn(ax):
    code_tree({"a": "0"}, {"a": 5}, ax=ax)
    assert len(ax.lines) == 1


def test_a_tree_refuses_words_that_begin_others(ax):
    with pytest.raises(
        ValueError, match=r"words: expected none that begins another, got .*'1' and '10'"
    ):
        code_tree({"a": "1", "b": "10"}, {"a": 1, "b": 1}, ax=ax)
    with pytest.raises(ValueError, match="counts: expected one for each of a, b, c"):
        code_tree(WORDS, {"a": 1}, ax=ax)


def test_bars_add_up(ax):
    byte_bars({"pruned": {"indices": 1000, "weights": 4000}, "coded": {"weights": 500}}, ax=ax)
    widths = [[bar.get_width() for bar in bars] for bars in ax.containers]
    assert widths == [[1, 0], [4, 0.5]]
    assert [text.get_text() for text in ax.texts] == ["5.0 kB", "0.5 kB"]
    assert [bar.get_x() for bar in ax.containers[1]] == [1, 0]


def test_bars_refuse_nothing_and_too_much(ax):
    with pytest.raises(ValueError, match="rows: expected 1 to 7 different names"):
        byte_bars({}, ax=ax)
    with pytest.raises(ValueError, match="rows: expected 1 to 7 different names"):
        byte_bars({"all": {str(n): 1 for n in range(8)}}, ax=ax)
