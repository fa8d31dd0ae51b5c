import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from cnnhistory.plotting.style import COLORS
from cnnhistory.plotting.xnor import (
    FORMS,
    Stored,
    bytes_text,
    interval_rows,
    ratio_bars,
    tile,
    trade_off,
    words,
)


@pytest.fixture
def ax():
    figure, ax = plt.subplots(layout="constrained")
    yield ax
    plt.close(figure)


NETWORKS = [
    Stored("net", "float32", 0.99, 0.985, 0.993, 1.7e6, 0.2),
    Stored("net, int8", "int8", 0.99, 0.985, 0.993, 4.3e5, 0.2),
    Stored("net, bits", "all binary", 0.97, 0.96, 0.98, 6e4, 0.05),
]


def test_every_network_stands_at_its_cost_and_accuracy(ax):
    assert trade_off(ax, NETWORKS) is ax
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
    trade_off(ax, NETWORKS, "ms")
    left, right = ax.get_xlim()
    assert left == pytest.approx(0.025)
    assert right == pytest.approx(0.4)
    assert "ms" in ax.get_xlabel()


def test_a_name_stands_once_where_points_lie_together(ax):
    same = [Stored("net", form, 0.9, 0.8, 0.95, 1e6 / 4**n, 0.2) for n, form in enumerate(FORMS)]
    trade_off(ax, same, "ms")
    assert [text.get_text() for text in ax.texts] == ["net"]
    sizes = [line.get_markersize() for line in ax.lines if line.get_marker() in "os^"]
    assert len(set(sizes)) == len(sizes) == 3


def test_what_cannot_be_drawn_is_refused(ax):
    with pytest.raises(ValueError, match="cost: expected 'nbytes' or 'ms', got 'size'"):
        trade_off(ax, NETWORKS, "size")
    with pytest.raises(ValueError, match="networks: expected at least one"):
        trade_off(ax, [])
    with pytest.raises(ValueError, match="form: expected one of float32, int8"):
        Stored("net", "ternary", 0.9, 0.8, 1.0, 1, 1)
    with pytest.raises(ValueError, match=r"accuracy: expected 0\.8 to 0\.9 to hold it, got 0\.7"):
        Stored("net", FORMS[0], 0.7, 0.8, 0.9, 1, 1)


def test_bytes_have_a_unit():
    assert [bytes_text(value) for value in (999, 1000, 1e6)] == ["999 B", "1 kB", "1 MB"]


def test_rows_from_top_to_bottom(ax):
    interval_rows(ax, {"a": (3, 2, 4), "b": (5, 4, 6)}, {"a": [2.5, 3.5]})
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    bottom, top = ax.get_ylim()
    assert bottom > top
    assert [tuple(line.get_xdata()) for line in ax.lines] == [
        (2, 4), (3,), (2.5,), (3.5,), (4, 6), (5,),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="rows: expected at least one"):
        interval_rows(ax, {})
    with pytest.raises(ValueError, match="single: expected names of rows, got c"):
        interval_rows(ax, {"a": (3, 2, 4)}, {"c": [1]})


def test_a_bar_and_a_number_for_each_ratio(ax):
    ratio_bars(ax, {"loop": 700.0, "library": 6.54}, "times slower")
    assert [text.get_text() for text in ax.texts] == ["700", "6.5"]
    assert [bar.get_width() for bar in ax.patches] == [700.0, 6.54]
    assert ax.get_xscale() == "log"
    with pytest.raises(ValueError, match="ratios: expected positive numbers"):
        ratio_bars(ax, {"loop": 0.0}, "")


def test_the_sum_of_a_word(ax):
    x, w = [1, -1, 1, 1, -1], [1, 1, -1, 1, -1]
    assert words(ax, x, w) == sum(a * b for a, b in zip(x, w, strict=True)) == 1
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == 3 * len(x)
    filled = [to_hex(box.get_facecolor()).upper() == COLORS[1] for box in boxes[-len(x) :]]
    assert filled == [a != b for a, b in zip(x, w, strict=True)]
    assert "5 − 2·2 = 1" in ax.texts[-1].get_text()
    with pytest.raises(ValueError, match="w: expected 5 signs as in x, got 4"):
        words(ax, x, w[:-1])


def test_a_tile_has_a_count_for_each_pair(ax):
    assert tile(ax, 7, 16) is ax
    assert len(ax.patches) == 7 * 16 + 7 + 16
    assert any("112 counts" in text.get_text() for text in ax.texts)
    with pytest.raises(ValueError, match="at least 1, got 0 and 16"):
        tile(ax, 0)
