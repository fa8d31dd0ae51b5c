import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from cnnhistory.plotting.deep_compression import (
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


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def faces(ax):
    return [to_hex(patch.get_facecolor()).upper() for patch in ax.patches]


def test_steps_show_all_then_what_is_left_then_its_shared_values(ax):
    steps(ax, WEIGHT, CODES, {"gaps": [("0", 0), ("10", -1)]}, NOTES)
    cells = faces(ax)
    assert len(cells) == 12
    assert cells[2] == "#FFFFFF"  # a weight of 0 is white
    assert cells[3] == "#262626"  # the largest is darkest
    assert [cell == "#FFFFFF" for cell in cells[4:8]] == [False, True, True, False]
    assert cells[8:] == [COLORS[0].upper(), "#FFFFFF", "#FFFFFF", COLORS[1].upper()]


def test_steps_write_every_bit_and_break_lines(ax):
    steps(ax, WEIGHT, CODES, {"gaps": [("0", 0), ("10", -1)]}, NOTES, width=2)
    bits = [text for text in ax.texts if text.get_text() in "01"]
    assert "".join(bit.get_text() for bit in bits) == "010"
    assert len({bit.get_position()[1] for bit in bits}) == 2
    assert [bit.get_color() for bit in bits] == [COLORS[0], "0.45", "0.45"]
    assert {text.get_text() for text in ax.texts} >= {*NOTES, "gaps"}


def test_steps_refuse_what_does_not_fit(ax):
    with pytest.raises(ValueError, match="expected 4 notes and codes like the weights, got 3"):
        steps(ax, WEIGHT, CODES, {}, NOTES[:3])
    with pytest.raises(ValueError, match="codes like the weights"):
        steps(ax, WEIGHT, [[0], [1]], {}, NOTES)


def test_codebooks_have_a_row_each(ax):
    codebook_rows(ax, {"linear": [-1, 0, 1], "random": [0, 0.5]}, {"linear": [-2, 0, 2]})
    drawn = [list(line.get_xdata()) for line in ax.lines]
    assert drawn == [[-1, 0, 1], [-2, 0, 2], [0, 0.5], []]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["linear", "random"]


def test_codebooks_refuse_a_start_of_nothing(ax):
    with pytest.raises(ValueError, match="got 1 and starts of density"):
        codebook_rows(ax, {"linear": [0]}, {"density": [0]})
    with pytest.raises(ValueError, match="expected at most 7"):
        codebook_rows(ax, {str(n): [0] for n in range(8)})


def test_a_tree_has_its_words_and_sums(ax):
    assert code_tree(ax, WORDS, {"a": 5, "b": 2, "c": 1}) == 2
    texts = [text.get_text() for text in ax.texts]
    assert {"8", "3", "a 5", "b 2", "c 1", "0", "10", "11"} <= set(texts)
    assert len(ax.lines) == 4  # two from each inner node
    heights = {t.get_text(): t.get_position()[1] for t in ax.texts}
    assert heights["8"] > heights["3"] == heights["a 5"] > heights["b 2"] == heights["c 1"]


def test_a_tree_with_one_branch_is_drawn(ax):
    assert code_tree(ax, {"a": "0"}, {"a": 5}) == 1
    assert len(ax.lines) == 1


def test_a_tree_refuses_words_that_begin_others(ax):
    with pytest.raises(ValueError, match="'1' begins '10'"):
        code_tree(ax, {"a": "1", "b": "10"}, {"a": 1, "b": 1})
    with pytest.raises(ValueError, match="counts: expected one for each word"):
        code_tree(ax, WORDS, {"a": 1})


def test_bars_add_up(ax):
    byte_bars(ax, {"pruned": {"indices": 1000, "weights": 4000}, "coded": {"weights": 500}})
    widths = [[bar.get_width() for bar in bars] for bars in ax.containers]
    assert widths == [[1, 0], [4, 0.5]]
    assert [text.get_text() for text in ax.texts] == ["5.0 kB", "0.5 kB"]
    assert [bar.get_x() for bar in ax.containers[1]] == [1, 0]


def test_bars_refuse_nothing_and_too_much(ax):
    with pytest.raises(ValueError, match="got 0 with 0"):
        byte_bars(ax, {})
    with pytest.raises(ValueError, match="got 1 with 8"):
        byte_bars(ax, {"all": {str(n): 1 for n in range(8)}})
