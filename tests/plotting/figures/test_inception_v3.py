import pytest

from cnnhistory.plotting.figures.inception_v3 import reliability, window_pieces


@pytest.mark.parametrize(
    ("windows", "cells", "colored"),
    [
        ([(5, 5)], 25 + 1, 25 + 1),
        ([(3, 3), (3, 3)], 25 + 9 + 1, 9 + 9 + 1),
        ([(1, 7), (7, 1)], 49 + 7 + 1, 7 + 7 + 1),
    ],
)
def test_grids_and_what_is_seen(drawn, windows, cells, colored):
    ax = window_pieces(windows)
    shown = drawn(ax)
    assert len(shown.boxes) == cells
    faces = [patch.get_facecolor() for patch in ax.patches if hasattr(patch, "get_boxstyle")]
    assert sum(tuple(face[:3]) != (1, 1, 1) for face in faces) == colored
    assert len(shown.arrows) == len(windows)
    texts = [text.get_text() for text in ax.texts]
    assert texts == [*(f"{high}×{wide}" for high, wide in windows), "unit"]


@pytest.mark.parametrize("windows", [[], [(2, 3)], [(3, 0)]])
def test_windows_without_a_middle_are_refused(windows):
    with pytest.raises(ValueError, match="windows: expected one or more with odd sides"):
        window_pieces(windows)


def test_bins_stand_in_the_order_of_confidence():
    ax = reliability({"hard": [(0.9, 0.7), (0.4, 0.5)], "smoothed": [(0.6, 0.8)]})
    diagonal, hard, smoothed = ax.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert hard.get_xydata().tolist() == [[0.4, 0.5], [0.9, 0.7]]
    assert smoothed.get_xydata().tolist() == [[0.6, 0.8]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["hard", "smoothed"]


def test_no_name_is_refused():
    with pytest.raises(ValueError, match="rows: expected"):
        reliability({})
