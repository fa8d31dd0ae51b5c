"""Curves of work against what is left."""

import pytest
import torch

from cnnhistory.graphics.fluid.geometry import Geometry, empty_box
from cnnhistory.graphics.fluid.measure import (
    Point,
    first_below,
    most_within,
    rollout_curve,
    seconds_of,
    under_way,
    waves,
    work_curve,
)
from cnnhistory.graphics.fluid.pressure import Jacobi, left
from cnnhistory.graphics.fluid.scenes import obstacles, rising_smoke
from cnnhistory.graphics.fluid.training import SceneSet


def test_more_work_leaves_less():
    scene = rising_smoke(Geometry(obstacles(2, (16, 16))), speed=0.5)
    source = under_way(scene, steps=2)
    assert source.shape == (2, 16, 16)
    assert source.abs().max() > 0.01
    points = work_curve(Jacobi, (1, 8, 64), source, scene.geometry, repeat=1)
    shares = [point.left for point in points]
    assert shares == sorted(shares, reverse=True)
    found = left(source, Jacobi(8)(source, scene.geometry), scene.geometry).mean()
    assert shares[1] == pytest.approx(float(found))
    assert all(point.seconds > 0 for point in points)


def test_points_are_chosen_by_what_is_left_and_by_time():
    points = [Point(1, 0.1, 0.5), Point(2, 0.2, 0.2), Point(4, 0.4, 0.1)]
    assert first_below(points, 0.2) == points[1]
    assert first_below(points, 0.05) is None
    assert most_within(points, 0.3) == points[1]
    with pytest.raises(ValueError, match=r"seconds: expected at least 0\.1, got 0\.05"):
        most_within(points, 0.05)
    with pytest.raises(ValueError, match="repeat: expected a whole number"):
        seconds_of(Jacobi(1), torch.zeros(1, 4, 4), empty_box(4, 4), repeat=0)


def test_waves_of_a_cosine():
    x = (torch.arange(16) + 0.5) / 16
    board = torch.cos(5 * torch.pi * x)[:, None] * torch.cos(12 * torch.pi * x)[None]
    found = waves(torch.stack([board, 3 * board]))
    assert found.argmax() == 13  # the root of 25 + 144
    assert found.sum() == pytest.approx(1)


def test_solvers_move_the_scenes_themselves():
    scenes = SceneSet(sizes=(16, 16), boxes=2, steps=3)
    points = rollout_curve(Jacobi, (2, 8, 32), scenes)
    assert [point.amount for point in points] == [2, 8, 32]
    assert [point.left for point in points] == [scenes.left(Jacobi(n)) for n in (2, 8, 32)]
    assert points[0].left > points[1].left > points[2].left
    assert all(point.seconds > 0 for point in points)
