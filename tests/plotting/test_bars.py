import pytest
from matplotlib.colors import to_hex

from cnnhistory.plotting.bars import interval_rows, ratio_bars, stacked_bars


def test_rows_from_top_to_bottom(ax):
    assert interval_rows({"a": (3, 2, 4), "b": (5, 4, 6)}, {"a": [2.5, 3.5]}, ax=ax) is ax
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    bottom, top = ax.get_ylim()
    assert bottom > 1 > 0 > top
    assert [tuple(line.get_xdata()) for line in ax.lines] == [
        (2, 4), (3,), (2.5,), (3.5,), (4, 6), (5,),
    ]  # fmt: skip
    assert [line.get_ydata()[0] for line in ax.lines] == [0, 0, -0.22, -0.22, 1, 1]
    assert len({line.get_color() for line in ax.lines[:4]}) == 1
    assert ax.lines[4].get_color() != ax.lines[0].get_color()


@pytest.mark.parametrize(
    ("rows", "single", "message"),
    [
        ({}, None, "rows: expected 1 to 7 different names"),
        ({"a": (3, 2, 4)}, {"c": [1]}, "single: expected names of rows, got 'c'"),
        ({"a": (3, 4, 2)}, None, "rows: expected a lower end below the upper one for a"),
        ({str(n): (3, 2, 4) for n in range(8)}, None, "rows: expected 1 to 7 different names"),
    ],
)
def test_bad_rows_are_refused(ax, rows, single, message):
    with pytest.raises(ValueError, match=message):
        interval_rows(rows, single, ax=ax)


def test_a_bar_and_a_number_for_each_ratio(ax):
    assert ratio_bars({"loop": 700.0, "library": 6.54, "ours": 0.5}, "times slower", ax=ax) is ax
    assert [text.get_text() for text in ax.texts] == ["700", "6.5", "0.5"]
    assert [bar.get_width() for bar in ax.patches] == [700.0, 6.54, 0.5]
    assert [text.xy for text in ax.texts] == [(700, 0), (6.54, 1), (1, 2)]
    assert len({to_hex(bar.get_facecolor()) for bar in ax.patches}) == 3
    assert (ax.get_xscale(), ax.get_xlabel()) == ("log", "times slower")
    assert ax.get_xlim()[0] == 1


@pytest.mark.parametrize(
    ("ratios", "message"),
    [
        ({}, "ratios: expected 1 to 7 different names"),
        ({"loop": 0.0}, "ratios: expected a positive number for loop, got 0.0"),
        ({"a": 1.0, "b": float("nan")}, "ratios: expected a positive number for b, got nan"),
        ({str(n): 2.0 for n in range(8)}, "ratios: expected 1 to 7 different names"),
    ],
)
def test_bad_ratios_are_refused(ax, ratios, message):
    with pytest.raises(ValueError, match=message):
        ratio_bars(ratios, "", ax=ax)


def test_stacked_bars_add_up(ax):
    rows = {"first": {"a": 1, "b": 4}, "second": {"b": 0.5}}
    assert stacked_bars(rows, "size, kB", "{:.1f} kB".format, ax=ax) is ax
    assert [[bar.get_width() for bar in bars] for bars in ax.containers] == [[1, 0], [4, 0.5]]
    assert [[bar.get_x() for bar in bars] for bars in ax.containers] == [[0, 0], [1, 0]]
    assert [text.get_text() for text in ax.texts] == ["5.0 kB", "0.5 kB"]
    assert [text.xy for text in ax.texts] == [(5, 0), (0.5, 1)]
    colors = [{to_hex(bar.get_facecolor()) for bar in bars} for bars in ax.containers]
    assert [len(found) for found in colors] == [1, 1]
    assert colors[0] != colors[1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({}, "rows: expected 1 to 7 different names"),
        ({"x": {}}, "rows: expected 1 to 7 different names"),
        ({"x": {str(n): 1 for n in range(8)}}, "rows: expected 1 to 7 different names"),
        ({"x": {"a": 1}, "y": {"a": -1}}, "rows: expected no negative part in y, got -1"),
        ({"x": {"a": 0}}, "rows: expected a part above 0, got 0"),
    ],
)
def test_bad_stacks_are_refused(ax, rows, message):
    with pytest.raises(ValueError, match=message):
        stacked_bars(rows, "", ax=ax)
