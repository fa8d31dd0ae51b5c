"""The pressure network: its invariances, its loss by hand, and that it learns."""

import pytest
import torch

from cnnhistory.graphics.fluid.geometry import Geometry, empty_box
from cnnhistory.graphics.fluid.grid import close_walls, divergence, still, subtract_gradient
from cnnhistory.graphics.fluid.network import FluidNet, LearnedSolver
from cnnhistory.graphics.fluid.pressure import Jacobi, left
from cnnhistory.graphics.fluid.scenes import obstacles, whirls
from cnnhistory.graphics.fluid.simulation import State
from cnnhistory.graphics.fluid.training import (
    FluidTraining,
    Pool,
    SceneSet,
    divergence_norm,
    train,
    wall_weight,
)

SMALL = {"channels": (4, 8), "levels": 3}
QUICK = FluidTraining(
    iterations=3, sizes=(16, 16), boxes=2, batches=2, life=4, later=(1, 2), seldom=0.5
)


def network(**changes):
    torch.manual_seed(0)
    return FluidNet(**{**SMALL, **changes})


def problem(*sizes, boxes=2):
    box = Geometry(obstacles(boxes, sizes))
    flow = close_walls(whirls(box), box)
    return box, flow, divergence(flow, box)


@pytest.mark.parametrize("sizes", [(16, 16), (20, 13), (9, 10, 8)])
def test_the_pressure_has_the_shape_and_mean_of_every_solver(sizes):
    box, _, source = problem(*sizes)
    found = network(axes=len(sizes))(source, box)
    assert found.shape == source.shape
    assert (found * box.solid).abs().max() == 0
    assert found.flatten(1).sum(1).abs().max() < 1e-3
    assert found.abs().max() > 0


def test_a_flow_twice_as_fast_gets_twice_the_pressure():
    box, _, source = problem(16, 16)
    net = network()
    torch.testing.assert_close(net(100 * source, box), 100 * net(source, box))
    # each box by itself
    mixed = torch.stack([source[0], 8 * source[1]])
    want = net(source, box)
    torch.testing.assert_close(net(mixed, box), torch.stack([want[0], 8 * want[1]]))
    assert net(0 * source, box).abs().max() == 0


def test_every_parameter_gets_a_gradient_from_the_loss():
    box, flow, _ = problem(16, 16)
    net = network()
    divergence_norm(net, State(flow, box.fluid), box).backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())


def test_weights_beside_walls():
    solid = torch.zeros(1, 6, 7, dtype=torch.bool)
    solid[0, 2, 3] = True
    assert wall_weight(Geometry(solid), near=3)[0, 2].tolist() == [2, 1, 2, 0, 2, 1, 2]
    assert set(wall_weight(empty_box(5, 5), near=1).flatten().tolist()) == {1.0}


def test_the_loss_is_the_weighted_share_by_hand():
    # one open face in a box of two: divergence (v, -v), a pressure of (-v/2, v/2) takes it away
    box = Geometry(torch.tensor([[[False, False], [True, True]]]))
    flow = still(box)
    flow[1][0, 0, 1] = 3.0
    state = State(flow, box.fluid)
    weight = wall_weight(box)[0, 0].tolist()
    assert weight == [2, 2]

    def share(factor):
        return divergence_norm(lambda d, g: factor * -d / 2, state, box).item()

    assert share(1) == pytest.approx(0)
    assert share(0) == pytest.approx(2)
    # half of the flow is left: a quarter of the squares, twice the weight
    assert share(0.5) == pytest.approx(2 * 0.25)


def test_passes_go_on_with_what_is_left():
    box, flow, source = problem(16, 16)
    half = Jacobi(4)
    module = torch.nn.Module()
    module.forward = half
    once, twice = (LearnedSolver(module, n)(source, box) for n in (1, 2))
    torch.testing.assert_close(once, half(source, box))
    rest = divergence(subtract_gradient(flow, once, box), box)
    torch.testing.assert_close(twice, once + half(rest, box))
    assert left(source, twice, box).max() < left(source, once, box).max()


def test_solving_leaves_no_trace():
    net = network().train()
    box, _, source = problem(16, 16)
    found = LearnedSolver(net, 2)(source, box)
    assert not found.requires_grad
    assert net.training
    assert all(p.grad is None for p in net.parameters())


def test_scenes_are_renewed_and_differ():
    pool = Pool(QUICK, seed=0)
    before = pool.scenes[0]
    pool.moved(0, before.state, 1)
    assert pool.scenes[0].geometry is before.geometry
    pool.moved(0, before.state, 3)
    assert not torch.equal(pool.scenes[0].geometry.solid, before.geometry.solid)
    assert pool.ages == [0, 2]
    again = Pool(QUICK, seed=0)
    assert torch.equal(again.scenes[0].geometry.solid, before.geometry.solid)


def test_it_learns():
    test = SceneSet(sizes=(16, 16), boxes=2, steps=2)
    settings = FluidTraining(
        iterations=24, sizes=(16, 16), boxes=2, batches=2, life=8, later=(1, 2), lr=1e-2
    )
    net = network(levels=2)
    before = test.left(LearnedSolver(net))
    history = train(net, settings, seed=1, test=test, every=12)
    assert [row["iteration"] for row in history] == [12, 24]
    assert history[-1]["left"] < 0.9 * before


def test_a_training_repeats_itself():
    runs = []
    for _ in range(2):
        net = network(levels=1)
        train(net, QUICK, seed=1)
        runs.append(net.last.weight.detach().clone())
    assert torch.equal(*runs)
    assert not torch.equal(runs[0], network(levels=1).last.weight)


def test_scenes_of_the_test_have_other_obstacles_and_a_hash():
    test = SceneSet(sizes=(16, 16), boxes=3, steps=2)
    assert not set(test.kinds) & set(FluidTraining().kinds)
    shares = test.rollout(Jacobi(20))
    assert shares.shape == (2, 3)
    assert test.left(Jacobi(20)) == pytest.approx(float(shares.mean()))
    described = test.describe()
    assert described["name"] == "3 made-up scenes of 16×16 cells with stars"
    assert len(described["content_hash"]) == 64
    other = SceneSet(sizes=(16, 16), boxes=3, seed=8)
    assert other.describe()["content_hash"] != described["content_hash"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FluidNet(axes=1), "axes: expected one of 2, 3, got 1"),
        (lambda: FluidNet(levels=0), "levels: expected a whole number"),
        (lambda: FluidNet(channels=(0, 4)), "fine: expected a whole number"),
        (lambda: network()(torch.zeros(1, 4, 4, 4), empty_box(4, 4, 4)), "geometry: expected 2 ax"),
        (lambda: network()(torch.zeros(1, 4, 3), empty_box(4, 4)), "divergence: expected shape"),
        (
            lambda: LearnedSolver(network())(torch.full((1, 4, 4), float("nan")), empty_box(4, 4)),
            "divergence: expected finite numbers",
        ),
        (lambda: LearnedSolver(network(), 0), "passes: expected a whole number"),
        (lambda: FluidTraining(iterations=0), "iterations: expected a whole number"),
        (lambda: FluidTraining(lr=-1.0), "lr: expected a positive number"),
        (lambda: FluidTraining(sizes=(64, 0)), "sizes: expected a whole number"),
        (lambda: SceneSet(steps=0), "steps: expected a whole number"),
        (lambda: SceneSet(boxes=0), "boxes: expected a whole number"),
        (lambda: FluidTraining(seldom=1.0), "seldom: expected at least 0 and below 1"),
    ],
)
def test_bad_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
