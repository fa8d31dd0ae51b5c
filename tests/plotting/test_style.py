import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from cnnhistory.plotting.style import COLORS, MARKERS, axes_or_new, looks, use_book_style


def test_a_look_for_each_name():
    found = looks(["net", "baseline"])
    assert found == {
        "net": {"color": COLORS[0], "marker": MARKERS[0]},
        "baseline": {"color": COLORS[1], "marker": MARKERS[1]},
    }
    assert len({tuple(look.values()) for look in looks("abcdefg").values()}) == 7


@pytest.mark.parametrize("names", ["abcdefgh", "aba", ""])
def test_looks_that_would_be_alike_are_refused(names):
    with pytest.raises(ValueError, match="curves: expected 1 to 7 different names, got"):
        looks(names, "curves")


def test_fewer_where_black_is_taken():
    with pytest.raises(ValueError, match="names: expected 1 to 6 different names"):
        looks("abcdefg", most=6)


def test_new_axes_have_the_size_and_given_ones_stay(ax):
    assert axes_or_new(ax, (1, 1)) is ax
    count = len(plt.get_fignums())
    assert axes_or_new(None, (3, 2)).figure.get_size_inches().tolist() == [3, 2]
    assert len(plt.get_fignums()) == count + 1


def test_the_book_style_is_the_default_once_asked_for():
    with mpl.rc_context():
        use_book_style()
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(COLORS)
        assert mpl.rcParams["figure.constrained_layout.use"]
