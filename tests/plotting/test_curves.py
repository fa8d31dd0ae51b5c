import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

from cnnhistory.plotting.curves import seed_curves


@pytest.fixture
def ax():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def test_one_line_a_seed_one_label_a_name(ax):
    seed_curves(ax, {"a": [[3, 2, 1], [3, 1, 1]], "b": [[5, 4, 4]]})
    assert [list(line.get_ydata()) for line in ax.lines] == [[3, 2, 1], [3, 1, 1], [5, 4, 4]]
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.lines[0].get_color() == ax.lines[1].get_color() != ax.lines[2].get_color()


def test_nothing_to_draw_is_refused(ax):
    with pytest.raises(ValueError, match="'a' has no curve"):
        seed_curves(ax, {"a": []})
    with pytest.raises(ValueError, match="at most 7 names, got 8"):
        seed_curves(ax, {str(i): [[1]] for i in range(8)})
