import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from cnnhistory.plotting.labels import label_lines, spread
from cnnhistory.plotting.style import SETTINGS
from cnnhistory.plotting.svg import figure_svg


def texts(figure):
    """Return the names that were drawn, with their window boxes."""
    renderer = figure.canvas.get_renderer()
    found = {}
    for ax in figure.axes:
        for part in getattr(ax.get_legend(), "_parts", lambda _: [])(renderer):
            if hasattr(part, "get_text"):
                found.setdefault(part.get_text(), []).append(part.get_window_extent(renderer))
    return found


def test_names_stand_right_of_the_axes_and_apart(ax):
    for name, end in (("a", 1.0), ("b", 1.01), ("c", 1.02), ("far", 9.0)):
        ax.plot([0, 1], [5, end], label=name)
    assert label_lines(ax) is ax
    ax.figure.draw_without_rendering()
    boxes = {name: box for name, (box,) in texts(ax.figure).items()}
    assert list(boxes) == ["a", "b", "c", "far"]
    every = list(boxes.values())
    assert all(box.x0 > ax.bbox.x1 for box in every)
    assert all(box.x1 <= ax.figure.bbox.x1 for box in every)  # the layout makes room
    assert not any(a.overlaps(b) for n, a in enumerate(every) for b in every[:n])
    assert boxes["a"].y0 < boxes["b"].y0 < boxes["c"].y0 < boxes["far"].y0


def test_lines_that_look_alike_share_a_name(ax):
    for end in (1, 3, 8):
        ax.plot([0, 1], [0, end], color="red", label="seeds" if end == 1 else None)
    ax.set_ylim(0, 10)
    label_lines(ax)
    ax.figure.draw_without_rendering()
    ((box,),) = texts(ax.figure).values()
    middle = ax.transData.transform((1, 3))[1]
    assert (box.y0 + box.y1) / 2 == pytest.approx(middle, abs=3)


def test_later_scales_count_and_a_legend_replaces(ax):
    ax.plot([1, 10], [1, 10], label="a")
    label_lines(ax)
    ax.set(yscale="log", ylim=(1, 1000))
    ax.figure.draw_without_rendering()
    ((box,),) = texts(ax.figure).values()
    assert box.y0 < ax.transData.transform((1, 10))[1] < box.y1
    ax.get_legend().remove()
    assert not texts(ax.figure)
    label_lines(ax)
    ax.legend()
    assert not texts(ax.figure)


def test_axes_beside_each_other_say_the_same_names_once():
    figure, axes = plt.subplots(1, 2)
    for ax in axes:
        ax.plot([0, 1], [0, 1], label="a")
        label_lines(ax)
    assert {name: len(boxes) for name, boxes in texts(figure).items()} == {"a": 1}
    axes[0].plot([0, 1], [1, 0], label="b")
    assert {name: len(boxes) for name, boxes in texts(figure).items()} == {"a": 2, "b": 1}


def test_called_twice_it_writes_once(ax):
    ax.plot([0, 1], [0, 1], label="only")
    label_lines(label_lines(ax))
    with mpl.rc_context(SETTINGS):
        assert figure_svg(ax.figure).count(">only<") == 1


@pytest.mark.parametrize(
    ("wanted", "placed"),
    [
        ([], []),
        ([5.0], [5]),
        ([5.0, 5.0, 5.0], [3, 5, 7]),
        ([0.0, 0.0], [0, 2]),
        ([10.0, 10.0], [8, 10]),
        ([9.0, 1.0], [9, 1]),
    ],
)
def test_heights_are_spread(wanted, placed):
    assert spread(wanted, 2, 0, 10) == pytest.approx(placed)
