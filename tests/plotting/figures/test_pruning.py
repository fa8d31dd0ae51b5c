import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from cnnhistory.plotting.pruning import (
    before_and_after,
    connections,
    error_against_size,
    stage_curves,
)


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_a_line_a_weight_and_hollow_units(ax):
    first = [[1.0, 0.0], [0.0, 0.0], [-0.5, 0.25]]  # the second hidden unit gets nothing
    second = [[2.0, 1.0, 0.0]]  # the third one's output is not used
    assert connections(ax, [first, second]) == 5
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2]
    assert len(lines) == 5
    units = [line for line in ax.lines if len(line.get_xdata()) == 1]
    hollow = [tuple(u.get_xydata()[0]) for u in units if u.get_markerfacecolor() == "white"]
    assert len(units) == 2 + 3 + 1
    assert hollow == [(1.0, 0.0), (1.0, -1.0)]
    widths = sorted(line.get_linewidth() for line in lines if line.get_xdata()[0] == 0)
    assert widths == pytest.approx([0.85, 1.4, 2.5])
    assert len({line.get_color() for line in lines}) == 2  # of both signs


def test_layers_that_do_not_fit_are_refused(ax):
    with pytest.raises(ValueError, match="expected at least one layer"):
        connections(ax, [])
    with pytest.raises(ValueError, match="expected 2 inputs of the next layer, got 3"):
        connections(ax, [[[1.0], [1.0]], [[1.0, 1.0, 1.0]]])


def test_error_against_size(ax):
    curves = {"at once": {2.0: 0.1, 8.0: 0.5}, "in rounds": {2.0: 0.1, 16.0: 0.2}}
    error_against_size(ax, curves, twin=(0.05, 0.07, 0.09))
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2", "8", "16"]
    twin, once, _ = ax.lines
    assert list(twin.get_ydata()) == pytest.approx([7, 7])
    assert list(once.get_ydata()) == pytest.approx([10, 50])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["dense twin, 95 % interval", "at once", "in rounds"]
    with pytest.raises(ValueError, match="'none' has no points"):
        error_against_size(ax, {"none": {}})
    with pytest.raises(ValueError, match="at most 7, got 8"):
        error_against_size(ax, {str(i): {1.0: 0.1} for i in range(8)})


def test_before_and_after(ax):
    before_and_after(ax, [("conv1", 100, 84), ("fc6", 10_000, 900)])
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["conv1", "fc6"]
    assert ax.yaxis_inverted()
    spans = [list(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert spans == [[84, 100], [900, 10_000]]
    for bad in ([], [("a", 10, 0)], [("a", 10, 11)]):
        with pytest.raises(ValueError, match="weights before >= weights after > 0"):
            before_and_after(ax, bad)


def test_stages_are_shaded_and_named(ax):
    curve = [("base", 0.3), ("base", 0.2), ("prune", 0.5), ("retrain", 0.2)]
    stage_curves(ax, {"pruned": [curve, curve], "twin": [curve]})
    assert [text.get_text() for text in ax.texts] == ["base", "prune", "retrain"]
    assert [text.get_position()[0] for text in ax.texts] == [1.5, 3.0, 4.0]
    assert len(ax.lines) == 3
    assert len(ax.patches) == 1  # every other stage
    assert list(ax.lines[0].get_ydata()) == pytest.approx([30, 20, 50, 20])
    with pytest.raises(ValueError, match="expected all of one length"):
        stage_curves(ax, {"pruned": [curve], "twin": [curve[:2]]})
    for bad in ({}, {"pruned": []}):
        with pytest.raises(ValueError, match="names with a curve each"):
            stage_curves(ax, bad)
