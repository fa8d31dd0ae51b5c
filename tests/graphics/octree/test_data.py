import os
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnhistory.data.tensors import ShuffledSampler
from cnnhistory.graphics.octree.modelnet10 import ModelNet10, SurfaceClouds, surface
from cnnhistory.graphics.octree.networks import o_cnn6
from cnnhistory.graphics.octree.off import read_off
from cnnhistory.graphics.octree.packed import pack, unpack
from cnnhistory.graphics.octree.points import PointCloud
from cnnhistory.graphics.octree.sets import (
    Moved,
    OctreesOf,
    ShapeSet,
    TurnedShapes,
    in_pose,
    poses_to_vote,
    slight_changes,
    views_to_vote,
)
from cnnhistory.graphics.octree.shapes import FAMILIES
from cnnhistory.graphics.octree.shapes_data import MadeUpShapes, ModelNet40
from cnnhistory.graphics.octree.solids import block
from cnnhistory.graphics.octree.tasks import vote
from cnnhistory.tasks.classification import fit_classifier
from cnnhistory.training.recipes import Adam

SQUARE = "OFF\n4 1 0\n# corners\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n4 0 1 2 3\n"


def small(**settings):
    return MadeUpShapes(train=2, val=1, test=1, points=200, depth=4, batch_size=5, **settings)


def test_batches_are_octrees_with_classes():
    data = small()
    octree, labels = next(iter(data.train_dataloader()))
    assert (len(octree), octree.depth, labels.shape) == (5, 4, (5,))
    assert [len(part) for part in (data.train_set, data.val_set, data.test_set)] == [24, 12, 12]
    assert data.train_set.labels.bincount().tolist() == [2] * 12
    assert data.num_classes == len(data.classes) == 12
    assert data.val_size == 12
    described = data.describe()
    assert described["train"] == 24
    assert described["content_hash"] == small().describe()["content_hash"]


def test_batches_with_parts_have_a_target_for_each_occupied_octant():
    octree, parts = next(iter(small(parts=True).test_dataloader()))
    assert parts.shape == (int(octree.occupied(4).sum()),)
    assert int(parts.min()) >= 0


def test_no_thing_is_in_two_parts():
    data = small()
    rows = [
        row.tobytes() for part in (data.train_set, data.val_set, data.test_set)
        for row in part.clouds.rows
    ]  # fmt: skip
    assert len(set(rows)) == len(rows) == 48


@pytest.mark.parametrize(
    "wrong", [{"depth": 1}, {"depth": 11}, {"points": 0}, {"train": 0}, {"test": 0}, {"val": -1}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected an integer"):
        MadeUpShapes(**wrong)


def test_packed_points_come_back():
    torch.manual_seed(0)
    cloud = PointCloud(torch.rand(50, 3) * 2 - 1, torch.rand(50, 3) * 2 - 1, torch.arange(50))
    again = unpack(pack(cloud))
    assert (again.positions - cloud.positions).abs().max() <= 0.51 / 32_000
    assert (again.normals - cloud.normals).abs().max() <= 0.51 / 32_000
    assert torch.equal(again.labels, cloud.labels)


def test_training_shapes_are_turned_anew_in_each_epoch():
    shapes = small().train_set
    sampler = ShuffledSampler(len(shapes), seed=3)
    turned = TurnedShapes(shapes, sampler)
    first = [turned.__getitems__(range(24))[0].signal for _ in range(2)]
    assert torch.equal(*first)
    sampler.set_epoch(1)
    other = turned.__getitems__(range(24))[0].signal
    assert first[0].shape != other.shape or not torch.equal(first[0], other)
    # the same pose for a shape, whatever the batch
    alone = turned.__getitems__([7])[0]
    both = turned.__getitems__([3, 7])[0]
    mine = both.shape_of(4) == 1
    assert torch.equal(both.signal[mine], alone.signal)


def test_slight_changes_leave_a_shape_standing():
    matrices, shifts = slight_changes(np.random.default_rng(0), 400)
    sizes = matrices.norm(dim=1)
    assert 0.8 <= sizes.min() < 0.81 < 0.99 < sizes.max() <= 1.0001
    assert 150 < int((torch.linalg.det(matrices) < 0).sum()) < 250  # mirrored
    assert 0.039 < shifts.abs().max() <= 0.04
    assert (matrices[:, 2, :2] == 0).all()
    angles = torch.rad2deg(torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert 9.5 < angles.abs().max() <= 10.001


def test_views_that_vote():
    assert len(poses_to_vote()) == 12
    views = views_to_vote()
    assert torch.equal(views[0], torch.eye(3))
    assert torch.linalg.det(torch.stack(views)).round().tolist() == [1, 1, 1, -1, -1, -1]
    cloud = unpack(small().test_set.clouds.rows[0])
    assert Moved([cloud], views[0])[0] is cloud
    mirrored = Moved([cloud], views[3])
    assert len(mirrored) == 1
    assert torch.equal(mirrored[0].positions[:, 1], -cloud.positions[:, 1])
    torch.testing.assert_close(mirrored[0].normals[:, 1], -cloud.normals[:, 1])


def test_three_quarter_turns_and_one_more_are_none():
    cloud = unpack(small().test_set.clouds.rows[0])
    assert in_pose(cloud, 12) is cloud
    turned = in_pose(in_pose(cloud, 9), 3)
    torch.testing.assert_close(turned.positions, cloud.positions, atol=1e-5, rtol=0)
    quarter = in_pose(cloud, 3)
    x, y, z = cloud.positions.unbind(1)
    wanted = torch.stack([-y, x, z], 1)
    torch.testing.assert_close(quarter.positions, wanted, atol=1e-5, rtol=0)


def test_inputs_are_split_into_batches():
    shapes = small().test_set
    inputs = OctreesOf(shapes.clouds, 4)
    assert [len(octree) for octree in inputs.split(5)] == [5, 5, 2]
    assert len(shapes.images) == 12
    with pytest.raises(ValueError, match="labels: expected 12, one a shape, got 3"):
        ShapeSet(shapes.clouds, torch.zeros(3), 4)


def test_a_mesh_is_read(tmp_path):
    path = tmp_path / "a.off"
    for text in (SQUARE, SQUARE.replace("OFF\n4", "OFF4"), SQUARE.replace("\n", "\r\n")):
        path.write_text(text, newline="")
        vertices, faces = read_off(path)
        assert vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
        assert faces.tolist() == [[0, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize(
    "text",
    ["", "PLY\n", "OFF\n", "OFF\n4 1 0\n0 0 0\n", SQUARE.replace("4 0 1", "5 0 1"),
     SQUARE.replace("1 1 0\n", "1 x 0\n"), "OFF\n0 0 0\n", SQUARE.replace("4 0 1 2 3", "")],
)  # fmt: skip
def test_a_broken_mesh_is_refused(tmp_path, text):
    path = tmp_path / "a.off"
    path.write_text(text)
    with pytest.raises(ValueError, match="path: expected a mesh in the form OFF, got"):
        read_off(path)


def test_a_folder_of_meshes(tmp_path, monkeypatch):
    monkeypatch.delenv("CNNHISTORY_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="no ModelNet40 in a folder in `root`"):
        ModelNet40().setup()
    for name in ("bed", "chair"):
        for part, count in (("train", 3), ("test", 1)):
            folder = tmp_path / "ModelNet40" / name / part
            folder.mkdir(parents=True)
            for k in range(count):
                (folder / f"{name}_{k}.off").write_text(SQUARE.replace("1 0 0", f"{k + 2} 0 0"))
    data = ModelNet40(root=str(tmp_path), points=100, depth=3, val_size=2, batch_size=4)
    assert data.classes == ()
    assert data.num_classes == 2
    assert data.classes == ("bed", "chair")
    assert [len(p) for p in (data.train_set, data.val_set, data.test_set)] == [4, 2, 2]
    octree, labels = next(iter(data.train_dataloader()))
    assert len(octree) == len(labels) == 4
    assert data.describe()["test"] == 2
    monkeypatch.setenv("CNNHISTORY_DATA", str(tmp_path))
    assert ModelNet40(points=100, depth=3, val_size=2).content_hash == data.content_hash
    with pytest.raises(ValueError, match="val_size: expected below 6, got 6"):
        ModelNet40(root=str(tmp_path), points=10, val_size=6).setup()


def test_meshes_train_o_cnn_6(tmp_path):
    # full mode on a folder of the right form: boxes of two shapes
    for name, height in (("tower", 3.0), ("slab", 0.2)):
        for part, count in (("train", 4), ("test", 1)):
            folder = tmp_path / "ModelNet40" / name / part
            folder.mkdir(parents=True)
            for k in range(count):
                solid = block("thing", (0, 0, 0), (1, 1 + 0.05 * k, height))
                vertices, faces = solid.vertices, solid.faces
                lines = [f"OFF\n{len(vertices)} {len(faces)} 0"]
                lines += [" ".join(map(str, row)) for row in vertices.tolist()]
                lines += [" ".join(map(str, [3, *row])) for row in faces.tolist()]
                (folder / f"{name}_{k}.off").write_text("\n".join(lines))
    data = ModelNet40(root=str(tmp_path), points=300, depth=6, batch_size=4)
    network = o_cnn6(num_classes=data.num_classes)
    run = fit_classifier(network, data, epochs=3, optimizer=Adam(0.01), validate=False)
    assert run.curve("train_error")[-1] <= 0.5
    voted = vote(run.network, data.test_set, poses=2)
    assert voted.scores.shape == (2, 2)
    assert voted.keys.shape == (2, 128)


def test_the_surface_of_a_cube_of_voxels():
    grid = np.zeros((8, 8, 8), bool)
    grid[2:6, 2:6, 2:6] = True
    faces = surface(grid)
    assert faces.shape == (6 * 16, 6)
    middles, normals = faces[:, :3] / 2, faces[:, 3:] / 127
    assert np.abs(middles).max() == 2  # half of the cube's side of 4
    # each face has one coordinate at 2, and its normal looks outwards
    assert ((np.abs(middles) == 2).sum(1) == 1).all()
    assert ((middles * normals).sum(1) > 0).all()
    assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 0.02
    inner = (np.abs(middles) <= 0.5).sum(1) == 2  # in the middle of a side it is the side's
    outward = np.where(np.abs(middles) == 2, np.sign(middles), 0)
    assert ((normals * outward).sum(1)[inner] > 0.9).all()
    for wrong in (grid & False, np.ones((4, 4, 4), bool)):
        with pytest.raises(ValueError, match="voxels: expected some that are occupied"):
            surface(wrong)


def test_a_face_becomes_four_points_in_its_plane():
    grid = np.zeros((8, 8, 8), bool)
    grid[2:6, 2:6, 2:6] = True
    cloud = SurfaceClouds([surface(grid)])[0]
    assert len(cloud) == 4 * 96
    places = cloud.positions * 17.2
    assert ((places.abs() - 2).abs() < 1e-4).sum(1).tolist() == [1] * 384
    # a grid of points half a voxel apart
    assert sorted({round(float(v), 3) for v in places[:, 0]}) == [
        -2, -1.75, -1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.75, 2,
    ]  # fmt: skip


def voxel_file(folder, count=24):
    random = np.random.default_rng(0)
    grids = np.zeros((count, 30, 30, 30), bool)
    for grid in grids:
        low = random.integers(5, 10, 3)
        high = random.integers(15, 25, 3)
        grid[low[0] : high[0], low[1] : high[1], low[2] : high[2]] = True
    bits = np.packbits(grids.reshape(count, -1), axis=1)
    labels = (np.arange(count) % 10).astype(np.uint8)
    (folder / "modelnet10").mkdir()
    np.savez(
        folder / "modelnet10" / "data.npz", train_voxels=bits, train_label=labels,
        test_voxels=bits[:10], test_label=labels[:10],
    )  # fmt: skip


def test_voxels_become_octrees(tmp_path, monkeypatch):
    monkeypatch.delenv("CNNHISTORY_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="CNNHISTORY_DATA"):
        ModelNet10().setup()
    voxel_file(tmp_path)
    data = ModelNet10(root=str(tmp_path), val_size=4, train_size=12, batch_size=6)
    assert [len(p) for p in (data.train_set, data.val_set, data.test_set)] == [12, 4, 10]
    octree, labels = next(iter(data.train_dataloader()))
    assert (len(octree), octree.depth, len(labels)) == (6, 5, 6)
    # no gaps: the surface of a box turned by any of the poses stays closed
    for pose in range(12):
        octree = OctreesOf(data.test_set.clouds, 5, pose).batch([0])
        assert 300 < int(octree.occupied(5).sum()) < 8000
    assert data.describe()["train"] == 12
    standing = ModelNet10(root=str(tmp_path), aligned=True, batch_size=6)
    first, again = (next(iter(standing.train_dataloader()))[0] for _ in range(2))
    assert torch.equal(first.signal, again.signal)
    assert len(standing.test_set.views) == 6
    plain = ModelNet10(root=str(tmp_path), aligned=True, augment=False, batch_size=6)
    assert not torch.equal(next(iter(plain.train_dataloader()))[0].counts, first.counts)
    assert ModelNet10(root=str(tmp_path)).describe()["train"] == 24


def test_shapes_without_voxels_are_left_out(tmp_path):
    voxel_file(tmp_path)
    path = tmp_path / "modelnet10" / "data.npz"
    stored = dict(np.load(path))
    stored["train_voxels"][3] = 0
    np.savez(path, **stored)
    data = ModelNet10(root=str(tmp_path))
    assert len(data.train_set) == len(stored["train_label"]) - 1


@pytest.mark.slow
@pytest.mark.skipif(
    not Path(os.environ.get("CNNHISTORY_DATA", "?"), "modelnet10").is_dir(),
    reason="needs modelnet10 in CNNHISTORY_DATA",
)
def test_modelnet10_has_its_official_sizes_without_the_shapes_of_no_voxel():
    described = ModelNet10().describe()
    assert (described["train"], described["test"]) == (3991 - 7, 908 - 1)


def test_families_are_the_classes():
    assert MadeUpShapes.classes == tuple(FAMILIES)
