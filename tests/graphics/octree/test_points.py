import math

import pytest
import torch

from cnnhistory.graphics.octree.points import PointCloud, sample_mesh

NAN = math.nan
SQUARE = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
HALVES = torch.tensor([[0, 1, 2], [0, 2, 3]])


def cloud(*rows):
    points = torch.tensor(rows)
    return PointCloud(points, torch.tensor([[0.0, 0, 1]]).expand(len(points), 3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((torch.zeros(0, 3), torch.zeros(0, 3)), "positions: expected at least one point, got 0"),
        ((torch.zeros(2, 2), torch.zeros(2, 3)), r"positions: expected \(N, 3\) real numbers"),
        ((torch.zeros(2, 3), torch.zeros(3, 3)), r"normals: expected \(N, 3\) real numbers"),
        ((torch.zeros(2, 3).long(), torch.zeros(2, 3)), "positions: expected .* real numbers"),
        ((torch.full((1, 3), NAN), torch.zeros(1, 3)), "positions: expected finite numbers"),
        ((torch.zeros(1, 3), torch.full((1, 3), math.inf)), "normals: expected finite numbers"),
        ((torch.zeros(1, 3), torch.zeros(1, 3), torch.zeros(2).long()), "labels: expected 1 int"),
        ((torch.zeros(1, 3), torch.zeros(1, 3), torch.zeros(1)), "labels: expected 1 integers"),
        ((torch.zeros(1, 3), torch.zeros(1, 3), -torch.ones(1).long()), "labels: .* at least 0"),
    ],
)
def test_wrong_points_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        PointCloud(*settings)


def test_a_cloud_moves_into_the_box():
    moved = cloud([0.0, 0, 0], [4, 2, 0]).in_the_box(0.5)
    torch.testing.assert_close(moved.positions, torch.tensor([[-0.5, -0.25, 0], [0.5, 0.25, 0]]))
    turning = cloud([-3.0, -4, 0], [3, 4, 2]).in_the_box(0.5, turning=True)
    torch.testing.assert_close(turning.positions[1], torch.tensor([0.3, 0.4, 0.1]))
    assert cloud([5.0, 5, 5], [5, 5, 5]).in_the_box().positions.abs().sum() == 0
    for reach in (0, -1, 1.5, NAN):
        with pytest.raises(ValueError, match="reach: expected"):
            moved.in_the_box(reach)


def test_normals_stay_perpendicular_when_the_points_are_stretched():
    points = torch.tensor([[0.0, 0, 0], [1, 1, 0], [0, 0, 1]])  # a plane of normal (1, -1, 0)
    normals = torch.tensor([[1.0, -1, 0]]).expand(3, 3) / math.sqrt(2)
    matrix = torch.tensor([[2.0, 0.5, 0], [0, 1, 0], [0, 0.3, 3]])
    moved = PointCloud(points, normals).transformed(matrix, torch.tensor([1.0, 2, 3]))
    edges = moved.positions[1:] - moved.positions[0]
    assert (edges @ moved.normals[0]).abs().max() < 1e-6
    torch.testing.assert_close(moved.normals.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(moved.positions[0], torch.tensor([1.0, 2, 3]))
    with pytest.raises(ValueError, match="matrix: expected one that can be inverted"):
        moved.transformed(torch.zeros(3, 3))


def test_points_of_a_square_are_uniform_and_look_up():
    sampled = sample_mesh(SQUARE, HALVES, 20_000, generator=torch.Generator().manual_seed(0))
    assert torch.equal(sampled.normals, torch.tensor([[0.0, 0, 1]]).expand(20_000, 3))
    x, y, z = sampled.positions.unbind(1)
    assert z.abs().max() == 0
    counts = torch.bincount((x * 4).long() * 4 + (y * 4).long(), minlength=16)
    assert (counts - 1250).abs().max() < 5 * math.sqrt(1250)  # five standard deviations


def test_a_part_gets_points_by_its_area_and_its_label():
    vertices = torch.cat([SQUARE, torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 2, 0]])])
    faces = torch.tensor(
        [[0, 1, 2], [0, 2, 3], [4, 6, 5]]
    )  # areas 1/2, 1/2, 3; the last looks down
    sampled = sample_mesh(
        vertices, faces, 8000, generator=torch.Generator().manual_seed(1),
        face_labels=torch.tensor([0, 0, 7]),
    )  # fmt: skip
    share = (sampled.labels == 7).float().mean().item()
    assert abs(share - 3 / 4) < 5 * math.sqrt(3 / 16 / 8000)
    assert torch.equal(sampled.normals[:, 2], torch.where(sampled.labels == 7, -1.0, 1.0))


def test_the_same_generator_gives_the_same_points():
    a, b = (
        sample_mesh(SQUARE, HALVES, 50, generator=torch.Generator().manual_seed(3)) for _ in "ab"
    )
    assert torch.equal(a.positions, b.positions)


@pytest.mark.parametrize(
    ("vertices", "faces", "message"),
    [
        (SQUARE[:, :2], HALVES, r"vertices: expected \(V, 3\)"),
        (SQUARE * NAN, HALVES, "vertices: expected finite"),
        (SQUARE, HALVES[:0], r"faces: expected \(F, 3\) indices, at least one"),
        (SQUARE, HALVES + 2, "faces: expected indices from 0 to 3, got '2 to 5'"),
        (SQUARE, HALVES - 1, "faces: expected indices from 0 to 3"),
        (SQUARE, HALVES.float(), "faces: expected"),
        (SQUARE, torch.tensor([[0, 1, 2], [1, 1, 2]]), "triangles with an area, got '1 without'"),
        (SQUARE * 0, HALVES, "faces: expected triangles with an area, got '2 without'"),
    ],
)
def test_wrong_meshes_are_refused(vertices, faces, message):
    with pytest.raises(ValueError, match=message):
        sample_mesh(vertices, faces, 5)


def test_triangles_without_area_can_be_dropped():
    line = torch.tensor([[0, 1, 1], [0, 1, 2]])
    sampled = sample_mesh(SQUARE, line, 500, drop_degenerate=True)
    assert sampled.positions.isfinite().all()
    assert (sampled.positions[:, 1] <= sampled.positions[:, 0] + 1e-6).all()  # all in the second
    with pytest.raises(ValueError, match="faces: expected triangles with an area"):
        sample_mesh(SQUARE, line[:1], 5, drop_degenerate=True)
    with pytest.raises(ValueError, match="count: expected"):
        sample_mesh(SQUARE, HALVES, 0)
    with pytest.raises(ValueError, match="face_labels: expected 2"):
        sample_mesh(SQUARE, HALVES, 5, face_labels=torch.zeros(3).long())
