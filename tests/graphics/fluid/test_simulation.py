"""What moves: advection, forces, whole steps and what they have to keep."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch

from cnnhistory.graphics.fluid.advection import (
    SCHEMES,
    advect,
    advect_velocity,
    interpolate,
    into_solid,
)
from cnnhistory.graphics.fluid.forces import buoyancy, confine_vorticity, diffuse, vorticity
from cnnhistory.graphics.fluid.geometry import Geometry, empty_box
from cnnhistory.graphics.fluid.grid import close_walls, divergence, energy, still
from cnnhistory.graphics.fluid.pressure import ConjugateGradients, CosineTransform
from cnnhistory.graphics.fluid.scenes import (
    KINDS,
    obstacles,
    rising_smoke,
    scaled,
    whirls,
)
from cnnhistory.graphics.fluid.simulation import PARTS, Simulation, State, at_rest, project
from cnnhistory.graphics.fluid.sparse import Factorized

DOUBLE = {"dtype": torch.float64}


def taylor_green(side, speed=0.5):
    """Return the whirl `u_0 = sin(πx/n) cos(πy/n)`, which fills a box and keeps its form."""
    box = empty_box(side, side, **DOUBLE)
    faces, cells = (torch.arange(side + 1).double(), torch.arange(side).double() + 0.5)
    k = math.pi / side
    down = speed * torch.sin(k * faces)[:, None] * torch.cos(k * cells)[None]
    right = -speed * torch.cos(k * cells)[:, None] * torch.sin(k * faces)[None]
    return box, close_walls((down[None], right[None]), box)


@pytest.mark.peer
@pytest.mark.parametrize("sizes", [(5, 6), (4, 5, 3)])
def test_interpolation_is_that_of_scipy(sizes):
    generator = np.random.default_rng(0)
    field = generator.normal(size=sizes)
    place = generator.uniform(-1, max(sizes), size=(len(sizes), 40))
    found = interpolate(torch.from_numpy(field)[None], torch.from_numpy(place)[None])
    want = scipy.ndimage.map_coordinates(field, place, order=1, mode="nearest")
    np.testing.assert_allclose(found[0], want, atol=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_flow_of_one_cell_a_step_moves_by_a_cell(scheme):
    box = empty_box(5, 8, **DOUBLE)
    flow = still(box)
    flow[1][:, :, 1:-1] = 1
    smoke = torch.zeros(1, 5, 8).double()
    smoke[0, 2, 3] = 1
    moved = advect(smoke, flow, box, 1.0, scheme)
    if scheme == "conservative":  # that one blurs, and moves the middle
        middle = (moved[0].sum(0) * torch.arange(8)).sum() / moved.sum()
        assert middle == pytest.approx(4, abs=0.02)
    else:
        assert moved[0, 2, 4] == pytest.approx(1)
        assert moved.sum() == pytest.approx(1)


def test_maccormack_blurs_less():
    box, flow = taylor_green(32)
    grid = torch.stack(torch.meshgrid(*[torch.arange(32.0).double()] * 2, indexing="ij"))
    smoke = torch.exp(-((grid[0] - 10) ** 2 + (grid[1] - 14) ** 2) / 10)[None]
    peaks = {}
    for scheme in SCHEMES:
        moved = smoke
        for _ in range(60):
            moved = advect(moved, flow, box, 1.0, scheme)
        peaks[scheme] = float(moved.max())
        assert moved.min() > -1e-12
        assert moved.max() <= smoke.max()
    assert peaks["maccormack"] > 1.5 * peaks["semi_lagrangian"]
    assert peaks["conservative"] > peaks["semi_lagrangian"]


@pytest.mark.parametrize("axes", [2, 3])
def test_what_goes_through_faces_is_conserved(axes):
    sizes = (12,) * axes
    box = Geometry(obstacles(2, sizes), torch.float64)
    flow = project(whirls(box, speed=0.7), box, ConjugateGradients(1e-10))
    smoke = torch.rand(box.solid.shape).double() * box.fluid
    moved = smoke
    for _ in range(10):
        moved = advect(moved, flow, box, 1.3, "conservative")
    torch.testing.assert_close(moved.flatten(1).sum(1), smoke.flatten(1).sum(1))
    assert (moved * box.solid).abs().max() == 0
    assert moved.min() > -1e-9
    assert (moved - smoke).abs().max() > 0.1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_even_smoke_stays_even(scheme):
    box = Geometry(obstacles(2, (16, 16)), torch.float64)
    flow = project(whirls(box), box, Factorized())
    moved = advect(box.fluid, flow, box, 0.8, scheme)
    torch.testing.assert_close(moved, box.fluid, atol=1e-9, rtol=0)


def test_values_continue_into_solid():
    solid = torch.zeros(1, 1, 5, dtype=torch.bool).expand(1, 2, 5).clone()
    solid[0, :, 3:] = True
    field = torch.tensor([[[1.0, 2, 4, 0, 0], [1, 2, 6, 0, 0]]])
    # each solid cell beside the fluid has one known neighbor, and then the next row one
    assert into_solid(field, Geometry(solid))[0].tolist() == [[1, 2, 4, 4, 4], [1, 2, 6, 6, 6]]


@pytest.mark.parametrize("scheme", SCHEMES[:2])
def test_the_vortex_of_taylor_and_green_decays_at_the_right_rate(scheme):
    # Without viscosity it stands still. With it each component falls as exp(-2 ν k² t).
    viscosity, steps, side = 0.5, 40, 32
    box, flow = taylor_green(side, speed=0.05)
    simulation = Simulation(solver=CosineTransform(), viscosity=viscosity, scheme=scheme)
    state = State(flow, torch.zeros(1, side, side).double())
    for _ in range(steps):
        state = simulation.step(state, box)
    k = math.pi / side
    expected = math.exp(-4 * viscosity * k**2 * steps)
    found = float(energy(state.velocity) / energy(flow))
    assert found == pytest.approx(expected, rel=0.02)
    assert expected < 0.6
    assert divergence(state.velocity, box).abs().max() < 1e-12
    # the form stays
    for u, before in zip(state.velocity, flow, strict=True):
        torch.testing.assert_close(
            u / u.abs().max(), before / before.abs().max(), atol=0.02, rtol=0
        )


def test_without_viscosity_maccormack_keeps_the_vortex():
    box, flow = taylor_green(32)
    kept = {}
    for scheme in SCHEMES[:2]:
        state = State(flow, torch.zeros(1, 32, 32).double())
        for _ in range(40):
            state = Simulation(solver=CosineTransform(), scheme=scheme).step(state, box)
        kept[scheme] = float(energy(state.velocity) / energy(flow))
    assert kept["maccormack"] > 0.94
    assert kept["semi_lagrangian"] < kept["maccormack"] - 0.05


def test_diffusion_by_hand():
    # one face of a row of four cells that flows: its neighbors along the row get some of it
    box = empty_box(2, 4, **DOUBLE)
    flow = still(box)
    flow[1][0, 0, 2] = 1.0
    down, right = diffuse(flow, box, 0.125)  # one step of an eighth
    assert down.abs().max() == 0
    assert right[0].tolist() == [[0, 0.125, 1 - 3 * 0.125, 0.125, 0], [0, 0, 0.125, 0, 0]]
    assert diffuse(flow, box, 0)[1] is flow[1]
    with pytest.raises(ValueError, match="amount: expected at least 0"):
        diffuse(flow, box, -1)


def test_smoke_rises():
    box = empty_box(4, 3, **DOUBLE)
    smoke = torch.zeros(1, 4, 3).double()
    smoke[0, 2, 1] = 1
    down, right = buoyancy(still(box), smoke, box, 0.5)
    assert right.abs().max() == 0
    assert down[0, :, 1].tolist() == [0, 0, -0.25, -0.25, 0]


def test_curl_of_a_turning_flow():
    for axes in (2, 3):
        box = empty_box(*(6,) * axes, **DOUBLE)
        flow = still(box)
        place = torch.arange(6).double() - 2.5
        # u_0 = -y, u_1 = x in the first two axes: the curl is 2 everywhere
        flow[0].copy_((-place).view(1, 1, 6, *[1] * (axes - 2)).expand_as(flow[0]))
        flow[1].copy_(place.view(1, 6, 1, *[1] * (axes - 2)).expand_as(flow[1]))
        curl = vorticity(flow)
        assert curl[:, -1].flatten().tolist() == pytest.approx([2.0] * 6**axes)
        if axes == 3:
            assert curl[:, :2].abs().max() < 1e-12


@pytest.mark.parametrize("axes", [2, 3])
def test_confinement_adds_to_whirls(axes):
    box = empty_box(*(12,) * axes, **DOUBLE)
    flow = project(whirls(box), box, CosineTransform())
    pushed = confine_vorticity(flow, box, 0.1)
    assert energy(pushed) > energy(flow)
    assert vorticity(pushed).square().sum() > vorticity(flow).square().sum()
    still_flow = confine_vorticity(still(box), box, 1.0)
    assert all(u.abs().max() == 0 for u in still_flow)


@pytest.mark.parametrize("sizes", [(24, 20), (10, 9, 8)])
def test_a_symmetric_scene_stays_symmetric(sizes):
    solid = torch.zeros(1, *sizes, dtype=torch.bool)
    solid[:, 4:6, 3:5] = True
    solid[:, 4:6, -5:-3] = True
    box = Geometry(solid, torch.float64)
    source = torch.zeros(1, *sizes).double()
    middle = sizes[1] // 2
    source[:, -3:, middle - 1 : sizes[1] - middle + 1] = 0.3
    simulation = Simulation(
        solver=ConjugateGradients(1e-9, "multigrid"), lift=0.2, confinement=0.1, viscosity=0.01
    )
    state = at_rest(box)
    for _ in range(12):
        state = simulation.step(state, box, source)
    assert state.smoke.max() > 0.5
    assert state.velocity[0].abs().max() > 0.2
    torch.testing.assert_close(state.smoke, state.smoke.flip(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(state.velocity[1], -state.velocity[1].flip(2), atol=1e-6, rtol=0)


def test_boxes_of_a_batch_do_not_feel_each_other():
    box = Geometry(obstacles(2, (16, 12)), torch.float64)
    scene = rising_smoke(box, speed=0.5)
    simulation = Simulation(solver=Factorized(), lift=0.1, confinement=0.1)
    both, alone = scene.state, State(
        tuple(u[1:] for u in scene.state.velocity), scene.state.smoke[1:]
    )  # fmt: skip
    for _ in range(3):
        both = simulation.step(both, box, scene.source)
        alone = simulation.step(alone, box[1:], scene.source[1:])
    torch.testing.assert_close(both.smoke[1:], alone.smoke)
    for u, v in zip(both.velocity, alone.velocity, strict=True):
        torch.testing.assert_close(u[1:], v)


def test_gradients_flow_through_a_step():
    box = empty_box(6, 6, **DOUBLE)
    flow = tuple(u.requires_grad_() for u in whirls(box))
    state = Simulation(solver=lambda d, g: 0.1 * d).step(State(flow, box.fluid), box)
    energy(state.velocity).sum().backward()
    assert all(u.grad.abs().max() > 0 for u in flow)


def test_time_is_kept_by_part():
    box = empty_box(8, 8)
    seconds = {}
    simulation = Simulation(lift=0.1)
    for _ in range(2):
        simulation.step(at_rest(box), box, seconds=seconds)
    assert set(seconds) == set(PARTS)
    assert min(seconds.values()) > 0


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("sizes", [(24, 32), (12, 12, 12)])
def test_obstacles_fit_and_leave_fluid(kind, sizes):
    solid = obstacles(4, sizes, seed=3, kinds=(kind,))
    assert solid.shape == (4, *sizes)
    Geometry(solid)  # hangs together
    assert 0.005 < solid.double().mean() < 0.6
    assert torch.equal(solid, obstacles(4, sizes, seed=3, kinds=(kind,)))
    assert not torch.equal(solid, obstacles(4, sizes, seed=4, kinds=(kind,)))
    with pytest.raises(ValueError, match="kinds: expected one of balls"):
        obstacles(1, sizes, kinds=("teapots",))


@pytest.mark.parametrize("axes", [2, 3])
def test_whirls_have_no_divergence_away_from_walls(axes):
    box = empty_box(*(12,) * axes, boxes=2, **DOUBLE)
    flow = whirls(box, seed=1, speed=2.0)
    inner = (slice(None),) + (slice(1, -1),) * axes
    assert divergence(flow, box)[inner].abs().max() < 1e-5
    squares = sum(u.square().flatten(1).sum(1) for u in flow)
    faces = sum(f.flatten(1).sum(1) for f in box.open)
    torch.testing.assert_close((squares / faces).sqrt(), torch.full((2,), 2.0).double())
    assert not torch.equal(flow[0][0], flow[0][1])
    assert energy(scaled(flow, box, 1.0)).tolist() == pytest.approx((energy(flow) / 4).tolist())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dt": 0.0}, "dt: expected a positive number"),
        ({"dt": float("nan")}, "dt: expected a positive number"),
        ({"scheme": "conservative"}, "scheme: expected one of semi_lagrangian, maccormack"),
        ({"smoke_scheme": "upwind"}, "smoke_scheme: expected one of"),
        ({"lift": float("inf")}, "lift: expected a finite number"),
        ({"viscosity": -0.1}, "viscosity: expected at least 0"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Simulation(**settings)


def test_bad_schemes_and_velocities_are_refused():
    box = empty_box(4, 4)
    with pytest.raises(ValueError, match="scheme: expected one of"):
        advect(box.fluid, still(box), box, 1.0, "upwind")
    with pytest.raises(ValueError, match="scheme: expected one of semi_lagrangian, maccormack"):
        advect_velocity(still(box), box, 1.0, "conservative")
    with pytest.raises(ValueError, match="velocity: expected components"):
        Simulation().step(State(still(empty_box(5, 4)), box.fluid), box)


def test_what_is_not_finite_or_does_not_fit_is_refused():
    box = empty_box(4, 4)
    nowhere, small = torch.full((1, 4, 4), float("nan")), torch.zeros(1, 4, 3)
    for wrong, message in ((nowhere, "expected finite numbers"), (small, "expected shape")):
        with pytest.raises(ValueError, match=f"field: {message}"):
            advect(wrong, still(box), box, 1.0)
        with pytest.raises(ValueError, match=f"smoke: {message}"):
            Simulation().step(State(still(box), wrong), box)
        with pytest.raises(ValueError, match=f"source: {message}"):
            Simulation().step(at_rest(box), box, wrong)
    flow = tuple(u + float("inf") for u in still(box))
    for call in (
        lambda: advect(box.fluid, flow, box, 1.0),
        lambda: advect_velocity(flow, box, 1.0),
        lambda: project(flow, box, ConjugateGradients()),
    ):
        with pytest.raises(ValueError, match="velocity: expected finite numbers"):
            call()
    with pytest.raises(ValueError, match="speed: expected a finite number"):
        whirls(box, speed=float("nan"))
    with pytest.raises(ValueError, match="sizes: expected a whole number"):
        obstacles(1, (0, 4))
