import numpy as np
import pytest

from cnnhistory.plotting.figures.octree import cubes


def faces(ax):
    (found,) = ax.collections
    return [path.vertices[:4] for path in found.get_paths()]


def test_a_cube_shows_three_faces():
    shown = faces(cubes([(0, 0, 0)], 0))
    assert len(shown) == 3
    # the whole cube is as wide as two sides seen at 30 degrees, and twice its side high
    corners = np.concatenate(shown)
    assert np.ptp(corners[:, 0]) == pytest.approx(2 * np.cos(np.pi / 6))
    assert np.ptp(corners[:, 1]) == pytest.approx(2)


def test_faces_between_cubes_are_left_out():
    assert len(faces(cubes([(0, 0, 0), (0, 0, 1)], 1))) == 5
    everything = np.argwhere(np.ones((4, 4, 4)))
    assert len(faces(cubes(everything, 2))) == 3 * 16


def test_what_is_nearer_is_drawn_later():
    shown = faces(cubes([(3, 3, 3), (0, 0, 0)], 2))
    assert shown[0][:, 1].max() < shown[-1][:, 1].max()
    # the far cube's top is at half the height of a side; the near one's lowest corner is lower
    np.testing.assert_allclose(shown[0].min(0)[0], -np.cos(np.pi / 6) / 4)


@pytest.mark.parametrize("cells", [[], [(0, 0)], [(0, 0, 2)], [(-1, 0, 0)]])
def test_wrong_cells_are_refused(cells):
    with pytest.raises(ValueError, match="cells: expected"):
        cubes(cells, 1)
