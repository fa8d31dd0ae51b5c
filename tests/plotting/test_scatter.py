import pytest
from matplotlib.transforms import Bbox

from cnnhistory.plotting.scatter import cost_axis, group_points, label_points


def test_each_group_has_its_look(ax):
    assert group_points({"a": [(1, 2), (3, 4)], "none": [], "b": [(5, 6)]}, ax=ax) is ax
    first, second = ax.lines
    assert first.get_xydata().tolist() == [[1, 2], [3, 4]]
    assert second.get_xydata().tolist() == [[5, 6]]
    assert [line.get_label() for line in ax.lines] == ["a", "b"]
    # the look of the empty group stays free
    assert [line.get_marker() for line in ax.lines] == ["o", "^"]
    assert first.get_color() != second.get_color()
    assert first.get_linestyle() == "None"
    for groups in ({}, {str(n): [(1, 1)] for n in range(8)}):
        with pytest.raises(ValueError, match="groups: expected"):
            group_points(groups, ax=ax)


def test_ticks_carry_units(ax):
    ax.plot([700e6, 20e9], [1, 2])
    assert cost_axis(ax) is ax
    ax.figure.draw_without_rendering()
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert {"1 G", "2 G", "5 G", "10 G"} <= set(names)
    assert ax.get_xscale() == "log"


def test_wide_ranges_have_powers_of_ten_only(ax):
    ax.plot([1e3, 1e9], [1, 2])
    cost_axis(ax)
    ax.figure.draw_without_rendering()
    names = {text.get_text() for text in ax.get_xticklabels()}
    assert "1 M" in names
    assert "2 M" not in names


def test_the_other_axis(ax):
    ax.plot([1, 2], [1e6, 1e8])
    cost_axis(ax, "y")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    with pytest.raises(ValueError, match="which: expected one of x, y, got 'z'"):
        cost_axis(ax, "z")


def test_names_keep_off_each_other_and_off_the_dots(ax):
    xs, ys = [4, 4.02, 4.04, 0, 9], [4, 4.01, 4.0, 0, 9]
    ax.plot(xs, ys, "o")
    assert label_points(ax, xs, ys, [f"network{n}" for n in range(5)]) is ax
    placed = ax.texts
    assert sorted(text.get_text() for text in placed) == [f"network{n}" for n in range(5)]
    assert len(placed) == 5  # those that were only tried are gone
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in placed]
    for n, box in enumerate(boxes):
        for other in boxes[:n]:
            common = Bbox.intersection(box, other)
            assert common is None or common.width * common.height < 1
        for x, y in ax.transData.transform([*zip(xs, ys, strict=True)]):
            assert not box.contains(x, y)


def test_names_keep_off_lines(ax):
    ax.set(xlim=(0, 10), ylim=(0, 10))
    ax.step([5, 9.5], [5, 9], where="post", ls="--")
    ax.plot([5], [5], "o")
    label_points(ax, [5], [5], ["on the line"])
    (name,) = ax.texts
    ax.figure.draw_without_rendering()
    box = name.get_window_extent()
    right, up = ax.transData.transform([(9.5, 5), (5, 5)])
    assert not (box.x1 > up[0] and box.y0 < right[1] < box.y1)


def test_names_stay_inside_where_they_can(ax):
    ax.plot([0, 1], [0, 1], "o")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    label_points(ax, [1], [1], ["at the corner"])
    box = ax.texts[0].get_window_extent()
    frame = ax.get_window_extent()
    assert box.x1 <= frame.x1
    assert box.y1 <= frame.y1


def test_names_and_points_must_match(ax):
    with pytest.raises(ValueError, match="names: expected 2 for 2 heights, got 1"):
        label_points(ax, [1, 2], [1, 2], ["one"])


def test_no_points_no_names(ax):
    assert label_points(ax, [], [], []) is ax
    assert not ax.texts
