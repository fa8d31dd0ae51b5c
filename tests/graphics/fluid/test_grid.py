"""Geometry and the operators of the staggered grid."""

import pytest
import torch

from cnnhistory.graphics.fluid.geometry import (
    Geometry,
    distance_to_solid,
    empty_box,
    fill_enclosed,
)
from cnnhistory.graphics.fluid.grid import (
    at_cells,
    at_faces,
    check_velocity,
    close_walls,
    divergence,
    energy,
    gradient,
    negative_laplacian,
    still,
    subtract_gradient,
)

BOXES = [(7, 5), (4, 5, 6)]


def boxes(*sizes, count=2, share=0.15, seed=0):
    """Return boxes with random obstacles, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    solid = torch.rand(count, *sizes, generator=generator) < share
    return Geometry(fill_enclosed(solid), torch.float64)


def noise(geometry, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(f.shape, generator=generator, dtype=f.dtype) for f in geometry.open)


def test_a_small_box_by_hand():
    # a solid cell in the middle of 3x3: each cell of the ring has two neighbors
    solid = torch.zeros(1, 3, 3, dtype=torch.bool)
    solid[0, 1, 1] = True
    box = Geometry(solid)
    assert box.count[0].tolist() == [[2, 2, 2], [2, 0, 2], [2, 2, 2]]
    assert box.open[0][0].tolist() == [[0, 0, 0], [1, 0, 1], [1, 0, 1], [0, 0, 0]]
    assert box.open[1][0].tolist() == [[0, 1, 1, 0], [0, 0, 0, 0], [0, 1, 1, 0]]
    assert box.cells.tolist() == [8]
    assert (box.sizes, box.axes, len(box)) == ((3, 3), 2, 1)


def test_divergence_gradient_and_laplacian_by_hand():
    box = empty_box(2, 2)
    down = torch.tensor([[[0.0, 0], [1, 2], [0, 0]]])
    right = torch.tensor([[[0.0, 4, 0], [0, 8, 0]]])
    assert divergence((down, right), box)[0].tolist() == [[5, -2], [7, -10]]
    pressure = torch.tensor([[[1.0, 2], [4, 8]]])
    steps = gradient(pressure, box)
    assert steps[0][0].tolist() == [[0, 0], [3, 6], [0, 0]]
    assert steps[1][0].tolist() == [[0, 1, 0], [0, 4, 0]]
    assert negative_laplacian(pressure, box)[0].tolist() == [[-4, -5], [-1, 10]]
    down, right = subtract_gradient((down, right), pressure, box)
    assert down[0].tolist() == [[0, 0], [-2, -4], [0, 0]]
    assert right[0].tolist() == [[0, 3, 0], [0, 4, 0]]
    assert energy((down, right)).tolist() == [(4 + 16 + 9 + 16) / 2]


@pytest.mark.parametrize("sizes", BOXES)
def test_the_gradient_is_minus_the_adjoint_of_the_divergence(sizes):
    box = boxes(*sizes)
    velocity, pressure = close_walls(noise(box), box), torch.randn(box.solid.shape).double()
    pressure = pressure * box.fluid
    left = (divergence(velocity, box) * pressure).sum()
    right = sum((u * g).sum() for u, g in zip(velocity, gradient(pressure, box), strict=True))
    torch.testing.assert_close(left, -right)


@pytest.mark.parametrize("sizes", BOXES)
def test_the_laplacian_is_the_divergence_of_the_gradient_and_symmetric(sizes):
    box = boxes(*sizes)
    p, q = (torch.randn(box.solid.shape).double() * box.fluid for _ in range(2))
    torch.testing.assert_close(negative_laplacian(p, box), -divergence(gradient(p, box), box))
    torch.testing.assert_close(
        (negative_laplacian(p, box) * q).sum(), (negative_laplacian(q, box) * p).sum()
    )
    assert (negative_laplacian(p, box) * p).sum() > 0
    assert negative_laplacian(box.fluid, box).abs().max() == 0


@pytest.mark.parametrize("sizes", BOXES)
def test_nothing_flows_out_of_a_box(sizes):
    box = boxes(*sizes)
    flow = divergence(close_walls(noise(box), box), box)
    torch.testing.assert_close(flow.flatten(1).sum(1), torch.zeros(2).double())
    assert (flow * box.solid).abs().max() == 0


def test_a_constant_flow_is_the_same_everywhere():
    box = empty_box(4, 5)
    flow = (torch.full((1, 5, 5), 2.0), torch.full((1, 4, 6), 3.0))
    for found in (at_cells(flow), at_faces(flow, 0), at_faces(flow, 1)):
        assert set(found[0, 0].flatten().tolist()) == {2.0}
        assert set(found[0, 1].flatten().tolist()) == {3.0}
    assert at_faces(flow, 0).shape == (1, 2, 5, 5)
    assert at_faces(flow, 1).shape == (1, 2, 4, 6)
    assert divergence(flow, box).abs().max() == 0


def test_distances_are_counted_in_steps():
    solid = torch.zeros(1, 5, 7, dtype=torch.bool)
    solid[0, 2, 3] = True
    assert distance_to_solid(Geometry(solid))[0, 2].tolist() == [1, 2, 1, 0, 1, 2, 1]
    assert distance_to_solid(empty_box(3, 3, 3))[0, 1].tolist() == [[1, 1, 1], [1, 2, 1], [1, 1, 1]]


def test_fluid_that_is_cut_off_is_refused():
    solid = torch.zeros(2, 5, 5, dtype=torch.bool)
    solid[1, 0, 1] = solid[1, 1, 0] = True
    with pytest.raises(ValueError, match=r"2 regions in box 1: \(0, 0\) is cut off \(`fill_enc"):
        Geometry(solid)
    filled = fill_enclosed(solid)
    assert Geometry(filled).cells.tolist() == [25, 22]
    assert not filled[0].any()


@pytest.mark.parametrize(
    ("solid", "message"),
    [
        (torch.zeros(1, 4, 4), "solid: expected bool"),
        (torch.zeros(4, 4, dtype=torch.bool), "solid: expected bool"),
        (torch.zeros(1, 1, 4, dtype=torch.bool), "solid: expected bool"),
        (torch.ones(1, 4, 4, dtype=torch.bool), "some fluid in every box, got 'none in box 0'"),
    ],
)
def test_bad_geometry_is_refused(solid, message):
    with pytest.raises(ValueError, match=message):
        Geometry(solid)


def test_a_velocity_that_does_not_fit_is_refused():
    box = empty_box(3, 4)
    check_velocity(still(box), box)
    with pytest.raises(ValueError, match="velocity: expected components"):
        check_velocity(still(empty_box(4, 3)), box)
    bad = still(box)
    bad[1][0, 0, 0] = float("nan")
    with pytest.raises(ValueError, match="expected finite numbers, got 'others in component 1'"):
        check_velocity(bad, box)


def test_some_boxes_of_a_batch():
    box = boxes(6, 6, count=3)
    assert torch.equal(box[1:].solid, box.solid[1:])
    assert box[[0]].dtype == torch.float64
