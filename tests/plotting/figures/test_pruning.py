import pytest

from cnnhistory.plotting.figures.pruning import (
    connections,
    error_against_size,
)
from cnnhistory.plotting.style import COLORS


def test_a_line_a_weight_and_hollow_units(ax):
    first = [[1.0, 0.0], [0.0, 0.0], [-0.5, 0.25]]  # the second hidden unit gets nothing
    second = [[2.0, 1.0, 0.0]]  # the third one's output is not used
    assert connections([first, second], ax=ax) is ax
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2]
    assert len(lines) == 5
    units = [line for line in ax.lines if len(line.get_xdata()) == 1]
    hollow = [tuple(u.get_xydata()[0]) for u in units if u.get_markerfacecolor() == "white"]
    assert len(units) == 2 + 3 + 1
    assert hollow == [(1.0, 0.0), (1.0, -1.0)]
    widths = sorted(line.get_linewidth() for line in lines if line.get_xdata()[0] == 0)
    assert widths == pytest.approx([0.85, 1.4, 2.5])
    by_color = {line.get_color(): 0 for line in lines}
    for line in lines:
        by_color[line.get_color()] += 1
    assert by_color == {COLORS[0]: 4, COLORS[1]: 1}  # one is negative


def test_layers_that_do_not_fit_are_refused(ax):
    with pytest.raises(ValueError, match="weights: expected one matrix or more"):
        connections([], ax=ax)
    with pytest.raises(ValueError, match="weights: expected one matrix or more"):
        connections([[1.0, 2.0]], ax=ax)
    with pytest.raises(ValueError, match="expected 2 inputs of the next layer, got 3"):
        connections([[[1.0], [1.0]], [[1.0, 1.0, 1.0]]], ax=ax)


def test_error_against_size(ax):
    curves = {"at once": {2.0: 0.1, 8.0: 0.5}, "in rounds": {2.0: 0.1, 16.0: 0.2}}
    assert error_against_size(curves, (0.05, 0.07, 0.09), ax=ax) is ax
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["2", "8", "16"]
    baseline, once, _ = ax.lines
    assert list(baseline.get_ydata()) == pytest.approx([7, 7])
    assert list(once.get_ydata()) == pytest.approx([10, 50])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["dense baseline, 95 % interval", "at once", "in rounds"]
    assert len({line.get_color() for line in ax.lines}) == 3


def test_curves_that_cannot_be_told_apart_are_refused(ax):
    with pytest.raises(ValueError, match="curves: expected points for each name, got 'none for x'"):
        error_against_size({"x": {}}, ax=ax)
    with pytest.raises(ValueError, match="curves: expected 1 to 7 different names"):
        error_against_size({}, ax=ax)
    with pytest.raises(ValueError, match="curves: expected 1 to 7 different names"):
        error_against_size({str(i): {1.0: 0.1} for i in range(8)}, ax=ax)
    # black is the baseline's
    seven = {str(i): {1.0: 0.1} for i in range(7)}
    with pytest.raises(ValueError, match="curves: expected 1 to 6 different names"):
        error_against_size(seven, (0.1, 0.2, 0.3), ax=ax)
