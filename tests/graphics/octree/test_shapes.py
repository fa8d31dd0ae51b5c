import numpy as np
import pytest
import torch

from cnnhistory.graphics.octree.shapes import FAMILIES, PARTS, PARTS_OF, make_shape, make_solids
from cnnhistory.graphics.octree.solids import ball, block, prism, turn


def volume_and_closed(solid):
    """Return the signed volume of a mesh, and whether every edge has a face on either side."""
    a, b, c = (solid.vertices[solid.faces[:, k]] for k in range(3))
    edges = np.concatenate([solid.faces[:, [0, 1]], solid.faces[:, [1, 2]], solid.faces[:, [2, 0]]])
    there = {tuple(edge) for edge in edges.tolist()}
    closed = len(there) == len(edges) and all((b, a) in there for a, b in there)
    return float((np.cross(a, b) * c).sum() / 6), closed


def test_solids_are_closed_turn_outwards_and_have_their_volume():
    volume, closed = volume_and_closed(block("x", (1, 2, 3), (2, 3, 0.5)))
    assert closed
    assert volume == pytest.approx(3)
    volume, closed = volume_and_closed(prism("x", (0, 1, 0), (2, 1, 0), (0.5, 0.5), sides=200))
    assert closed
    assert volume == pytest.approx(np.pi * 0.25 * 2, rel=1e-3)
    volume, closed = volume_and_closed(prism("x", (0, 0, 0), (0, 0, 3), (1, 0.5), sides=200))
    assert volume == pytest.approx(np.pi * (1 + 0.5 + 0.25), rel=1e-3)
    volume, closed = volume_and_closed(ball("x", (0, 0, 1), (1, 2, 0.5), rings=60))
    assert closed
    assert volume == pytest.approx(4 / 3 * np.pi, rel=5e-3)


def test_wrong_prisms_and_axes_are_refused():
    with pytest.raises(ValueError, match="prism: expected a length and 3 sides"):
        prism("x", (0, 0, 0), (0, 0, 0), (1, 1))
    with pytest.raises(ValueError, match="prism: expected"):
        prism("x", (0, 0, 0), (0, 0, 1), (1, 1), sides=2)
    with pytest.raises(ValueError, match="axis: expected a direction"):
        turn(10, (0, 0, 0))


def test_a_turn():
    quarter = turn(90, (0, 0, 2))
    torch.testing.assert_close(quarter @ torch.tensor([1.0, 0, 5]), torch.tensor([0.0, 1, 5]))
    around = turn(37, (1, 2, 3))
    torch.testing.assert_close(around @ around.T, torch.eye(3))
    torch.testing.assert_close(turn(37, (1, 2, 3)) @ turn(-37, (1, 2, 3)), torch.eye(3))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_thing_has_the_parts_of_its_family(family):
    volumes = []
    for k in range(5):
        solids = make_solids(family, np.random.default_rng(k))
        assert {solid.part for solid in solids} == set(PARTS_OF[family])
        for solid in solids:
            volume, closed = volume_and_closed(solid)
            assert volume > 0
            assert closed or family in ("bottle", "lamp")
        volumes.append(sum(volume_and_closed(solid)[0] for solid in solids))
    assert np.ptp(volumes) > 0.05 * max(volumes)  # things differ


@pytest.mark.parametrize("family", FAMILIES)
def test_a_scan_has_noise_holes_and_labels(family):
    cloud = make_shape(family, np.random.default_rng(1))
    assert 375 <= len(cloud) < 1500
    assert cloud.positions.abs().max() <= 1
    torch.testing.assert_close(cloud.normals.norm(dim=1), torch.ones(len(cloud)))
    assert {PARTS[label] for label in cloud.labels.tolist()} <= set(PARTS_OF[family])
    again = make_shape(family, np.random.default_rng(1))
    assert torch.equal(again.positions, cloud.positions)
    smooth = make_shape(family, np.random.default_rng(1), noise=0, holes=0)
    assert len(smooth) == 1500
    across = smooth.positions[:, :2].norm(dim=1).max()
    assert max(across, smooth.positions[:, 2].abs().max()) == pytest.approx(0.9, abs=1e-4)


def test_there_are_twelve_families_and_an_unknown_one_is_refused():
    assert len(FAMILIES) == len(PARTS_OF) == 12
    assert list(FAMILIES) == sorted(FAMILIES)
    with pytest.raises(KeyError, match="unknown family 'chairs'; did you mean 'chair'"):
        make_shape("chairs", np.random.default_rng(0))
