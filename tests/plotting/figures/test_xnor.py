import pytest
from matplotlib.colors import to_hex

from cnnhistory.plotting.figures.xnor import (
    FORMS,
    Stored,
    tile,
    trade_off,
    words,
)
from cnnhistory.plotting.style import COLORS

NETWORKS = [
    Stored("net", "float32", 0.99, 0.985, 0.993, 1.7e6, 0.2),
    Stored("net, int8", "int8", 0.99, 0.985, 0.993, 4.3e5, 0.2),
    Stored("net, bits", "all binary", 0.97, 0.96, 0.98, 6e4, 0.05),
]


def test_every_network_stands_at_its_cost_and_accuracy(ax):
    assert trade_off(NETWORKS, ax=ax) is ax
    assert ax.get_xscale() == "log"
    assert {text.get_text() for text in ax.texts} == {network.name for network in NETWORKS}
    points = {(x, round(y, 6)) for line in ax.lines for x, y in line.get_xydata()}
    for network in NETWORKS:
        assert (network.nbytes, round(100 * network.accuracy, 6)) in points
    low, high = ax.get_ylim()
    assert low < 96
    assert high > 99.3
    assert ax.get_legend_handles_labels()[1] == ["float32", "int8", "all binary"]


def test_the_other_cost(ax):
    trade_off(NETWORKS, "ms", ax=ax)
    left, right = ax.get_xlim()
    assert left == pytest.approx(0.025)
    assert right == pytest.approx(0.4)
    assert "ms" in ax.get_xlabel()


def test_a_name_stands_once_where_points_lie_together(ax):
    same = [Stored("net", form, 0.9, 0.8, 0.95, 1e6 / 4**n, 0.2) for n, form in enumerate(FORMS)]
    trade_off(same, "ms", ax=ax)
    assert [text.get_text() for text in ax.texts] == ["net"]
    sizes = [line.get_markersize() for line in ax.lines if line.get_marker() in "os^"]
    assert len(set(sizes)) == len(sizes) == 3


def test_what_cannot_be_drawn_is_refused(ax):
    with pytest.raises(ValueError, match="cost: expected one of nbytes, ms, got 'size'"):
        trade_off(NETWORKS, "size", ax=ax)
    with pytest.raises(ValueError, match="networks: expected at least one"):
        trade_off([], ax=ax)
    with pytest.raises(ValueError, match="form: expected one of float32, int8"):
        Stored("net", "ternary", 0.9, 0.8, 1.0, 1, 1)
    with pytest.raises(ValueError, match=r"accuracy: expected from 0\.8 to 0\.9, got 0\.7"):
        Stored("net", FORMS[0], 0.7, 0.8, 0.9, 1, 1)
    for costs in ((0, 1), (1, float("nan"))):
        with pytest.raises(ValueError, match="nbytes, ms: expected positive numbers, got"):
            Stored("net", FORMS[0], 0.8, 0.8, 0.9, *costs)


def test_the_sum_of_a_word(ax, drawn):
    x, w = [1, -1, 1, 1, -1], [1, 1, -1, 1, -1]
    assert words(x, w, ax=ax) is ax
    boxes = drawn(ax).boxes
    assert len(boxes) == 3 * len(x)
    filled = [to_hex(box.get_facecolor()).upper() == COLORS[1] for box in boxes[-len(x) :]]
    assert filled == [a != b for a, b in zip(x, w, strict=True)]
    assert sum(a * b for a, b in zip(x, w, strict=True)) == 1
    assert "5 − 2·2 = 1" in ax.texts[-1].get_text()
    with pytest.raises(ValueError, match=r"w: expected as many signs as the 5 in x, .*, got 4"):
        words(x, w[:-1], ax=ax)
    with pytest.raises(ValueError, match="w: expected as many signs as the 0 in x, at least one"):
        words([], [], ax=ax)
    with pytest.raises(ValueError, match=r"x, w: expected signs, .*, got"):
        words([0, 1], [1, 1], ax=ax)


def test_a_tile_has_a_count_for_each_pair(ax):
    assert tile(7, 16, ax=ax) is ax
    assert len(ax.patches) == 7 * 16 + 7 + 16
    assert any("112 counts" in text.get_text() for text in ax.texts)
    with pytest.raises(
        ValueError, match=r"pixels, channels: expected at least 1 of each, got \(0, 16\)"
    ):
        tile(0, ax=ax)
