import pytest

from cnnhistory.plotting.curves import seed_curves, stage_curves

CURVE = [("base", 0.3), ("base", 0.2), ("prune", 0.5), ("retrain", 0.2)]


def test_one_line_a_seed_one_label_a_name(ax):
    assert seed_curves({"a": [[3, 2, 1], [3, 1, 1]], "b": [[5, 4, 4]]}, ax=ax) is ax
    assert [list(line.get_ydata()) for line in ax.lines] == [[3, 2, 1], [3, 1, 1], [5, 4, 4]]
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3]
    assert [line.get_label() for line in ax.lines if line.get_label()[0] != "_"] == ["a", "b"]
    first, second, other = ax.lines
    assert first.get_color() == second.get_color() != other.get_color()
    assert first.get_marker() == second.get_marker() != other.get_marker()
    assert ax.get_xlabel() == "epoch"


@pytest.mark.parametrize("draw", [seed_curves, stage_curves])
@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "curves: expected 1 to 7 different names, got"),
        ({"a": []}, "curves: expected a curve for each name, got 'none for a'"),
        ({str(i): [[1]] for i in range(8)}, "curves: expected 1 to 7 different names, got"),
    ],
)
def test_nothing_to_draw_is_refused(ax, draw, curves, message):
    with pytest.raises(ValueError, match=message):
        draw(curves, ax=ax)
    assert not ax.lines


def test_stages_are_shaded_and_named(ax):
    assert stage_curves({"pruned": [CURVE, CURVE], "baseline": [CURVE]}, ax=ax) is ax
    assert [text.get_text() for text in ax.texts] == ["base", "prune", "retrain"]
    assert [text.get_position()[0] for text in ax.texts] == [1.5, 3.0, 4.0]
    assert len(ax.lines) == 3
    (shade,) = ax.patches  # every other stage
    assert shade.get_extents().transformed(ax.transData.inverted()).intervalx.tolist() == (
        pytest.approx([2.5, 3.5])
    )
    assert list(ax.lines[0].get_ydata()) == pytest.approx([30, 20, 50, 20])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "test error, %")


def test_a_stage_that_comes_back_is_shown_twice(ax):
    stage_curves({"a": [[("prune", 0.2), ("retrain", 0.1), ("prune", 0.2)]]}, ax=ax)
    assert [text.get_text() for text in ax.texts] == ["prune", "retrain", "prune"]
    assert [text.get_position()[0] for text in ax.texts] == [1, 2, 3]


def test_stages_that_differ_are_refused(ax):
    renamed = [("other", error) for _, error in CURVE]
    for other in (CURVE[:2], renamed):
        with pytest.raises(ValueError, match="curves: expected the same stages in all"):
            stage_curves({"pruned": [CURVE], "baseline": [other]}, ax=ax)


def test_ticks_are_whole_epochs_and_names_as_people_write_them(ax):
    seed_curves({"lenet5": [[3, 2, 1]], "ours": [[3, 2, 2]]}, ax=ax)
    assert [line.get_label() for line in ax.lines] == ["LeNet-5", "ours"]
    assert all(tick == int(tick) for tick in ax.get_xticks())
