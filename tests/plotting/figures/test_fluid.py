import pytest
import torch

from cnnhistory.plotting.figures.fluid import film_strip
from cnnhistory.plotting.style import COLORS


def test_smoke_is_dark_and_obstacles_have_a_color():
    solid = torch.zeros(4, 32, dtype=torch.bool)
    solid[0, 0] = True
    smoke = torch.zeros(4, 32)
    smoke[1, 1], smoke[2, 2] = 0.5, 3.0
    ax = film_strip([smoke, 0 * smoke], solid, ["first", "second"])
    picture = ax.images[0].get_array()
    assert picture.shape == (4, 66, 3)  # a gap of two between
    assert picture[0, 0].tolist() == [int(COLORS[1][n : n + 2], 16) for n in (1, 3, 5)]
    assert picture[0, 34].tolist() == picture[0, 0].tolist()
    assert picture[1, 1].tolist() == [127] * 3
    assert picture[2, 2].tolist() == [0] * 3
    assert picture[1, 35].tolist() == [255] * 3
    assert [text.get_text() for text in ax.texts] == ["first", "second"]


@pytest.mark.parametrize(
    ("frames", "titles", "message"),
    [
        ([], [], "frames: expected at least one"),
        ([torch.zeros(3, 4)], [], "frames: expected at least one of"),
        ([torch.zeros(4, 4)], ["a", "b"], "titles: expected 1, got 2"),
    ],
)
def test_bad_frames_are_refused(frames, titles, message):
    with pytest.raises(ValueError, match=message):
        film_strip(frames, torch.zeros(4, 4, dtype=torch.bool), titles)
