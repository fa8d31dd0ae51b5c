import pytest
from matplotlib.colors import to_hex

from cnnhistory.plotting.diagram import Pen, arrow, box, frame, line


def test_a_box_lies_around_its_middle(ax, drawn):
    assert box(ax, (3, 2), (2, 1), "conv", face="#0072b2", pen=Pen(color="#d55e00")) is ax
    (patch,) = drawn(ax).boxes
    assert (patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) == (2, 1.5, 2, 1)
    assert to_hex(patch.get_facecolor()) == "#0072b2"
    assert to_hex(patch.get_edgecolor()) == "#d55e00"
    assert drawn(ax).at == {"conv": (3, 2)}
    assert ax.texts[0].get_zorder() > patch.get_zorder()


def test_a_rounded_box_covers_the_same_area(ax, drawn):
    box(ax, (0, 0), (2, 1))
    box(ax, (0, 0), (2, 1), rounding=0.2)
    square, rounded = (patch.get_path().get_extents().bounds for patch in drawn(ax).boxes)
    assert square == pytest.approx(rounded)
    assert not ax.texts


@pytest.mark.parametrize("size", [(0, 1), (1, -1), (1, float("nan"))])
def test_a_box_without_area_is_refused(ax, size):
    with pytest.raises(ValueError, match="size: expected a positive width and height, got"):
        box(ax, (0, 0), size)
    assert not ax.patches


def test_an_arrow_ends_where_it_points(ax, drawn):
    frame(ax, (0, 2), (0, 2))
    assert arrow(ax, (0, 0), (2, 1), pen=Pen(dashed=True)) is ax
    (patch,) = drawn(ax).arrows
    ax.figure.draw_without_rendering()
    begin, *_, end = patch.get_path().vertices[:3].tolist()
    assert begin == pytest.approx([0, 0], abs=0.05)
    assert end == pytest.approx([2, 1], abs=0.1)
    assert patch.get_linestyle() == "--"


def test_an_arc_above_and_below(ax, drawn):
    frame(ax, (-1, 3), (-2, 2))
    for bend in (-0.5, 0.5):
        arrow(ax, (0, 0), (2, 0), bend=bend)
    ax.figure.draw_without_rendering()
    middles = [patch.get_path().vertices[1][1] for patch in drawn(ax).arrows]
    assert middles[0] > 0.5
    assert middles[1] < -0.5


def test_a_line_through_its_spots(ax):
    assert line(ax, [(0, 0), (1, 2), (3, 2)], pen=Pen(color="0.5", width=2)) is ax
    (drawn,) = ax.lines
    assert drawn.get_xydata().tolist() == [[0, 0], [1, 2], [3, 2]]
    assert (drawn.get_linewidth(), drawn.get_linestyle(), drawn.get_color()) == (2, "-", "0.5")
    with pytest.raises(ValueError, match="spots: expected at least two, got"):
        line(ax, [(0, 0)])


def test_a_frame_shows_its_part_without_axes(ax):
    assert frame(ax, (-1, 3), (0, 2)) is ax
    assert (ax.get_xlim(), ax.get_ylim(), ax.get_aspect()) == ((-1, 3), (0, 2), 1)
    assert not ax.axison
    frame(ax, (-1, 3), (0, 2), equal=False)
    assert ax.get_aspect() == "auto"
    with pytest.raises(ValueError, match="y: expected two different ends, got"):
        frame(ax, (0, 1), (2, 2))
