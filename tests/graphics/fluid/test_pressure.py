"""The solvers leave no divergence, agree with each other and with SciPy's."""

import numpy as np
import pytest
import scipy.sparse.linalg
import torch

from cnnhistory.graphics.fluid import sparse
from cnnhistory.graphics.fluid.geometry import Geometry, empty_box, fill_enclosed
from cnnhistory.graphics.fluid.grid import close_walls, divergence
from cnnhistory.graphics.fluid.multigrid import multigrid
from cnnhistory.graphics.fluid.pressure import (
    PRECONDITIONERS,
    ConjugateGradients,
    CosineTransform,
    Jacobi,
    left,
)
from cnnhistory.graphics.fluid.simulation import project
from cnnhistory.graphics.fluid.sparse import Factorized, incomplete_cholesky, pressure_matrix

EXACT = {
    **{name: ConjugateGradients(1e-10, name) for name in PRECONDITIONERS},
    "factorized": Factorized(),
}
BOXES = [(16, 16), (13, 10), (2, 9), (6, 7, 5)]


def problem(*sizes, share=0.12, count=2, seed=0):
    """Return boxes with random obstacles and the divergence of a random flow."""
    generator = torch.Generator().manual_seed(seed)
    solid = fill_enclosed(torch.rand(count, *sizes, generator=generator) < share)
    box = Geometry(solid, torch.float64)
    flow = [torch.randn(f.shape, generator=generator, dtype=f.dtype) for f in box.open]
    return box, close_walls(tuple(flow), box)


@pytest.mark.parametrize("solver", EXACT.values(), ids=list(EXACT))
@pytest.mark.parametrize("sizes", BOXES)
def test_projection_leaves_no_divergence(sizes, solver):
    box, flow = problem(*sizes)
    projected = project(flow, box, solver)
    assert divergence(flow, box).abs().max() > 1
    assert divergence(projected, box).abs().max() < 1e-8
    # what is projected already stays
    again = project(projected, box, solver)
    for once, twice in zip(projected, again, strict=True):
        torch.testing.assert_close(once, twice, atol=1e-8, rtol=0)


@pytest.mark.parametrize("solver", EXACT.values(), ids=list(EXACT))
def test_all_solvers_find_the_same_pressure(solver):
    box, flow = problem(11, 12)
    found = solver(divergence(flow, box), box)
    reference = Jacobi(5_000)(divergence(flow, box), box)
    torch.testing.assert_close(found, reference, atol=1e-7, rtol=0)
    torch.testing.assert_close(found.flatten(1).sum(1), torch.zeros(2).double())
    assert (found * box.solid).abs().max() == 0


@pytest.mark.parametrize("sizes", [(8, 8), (5, 9), (4, 3, 5)])
def test_the_cosine_transform_is_exact_without_obstacles(sizes):
    box, flow = problem(*sizes, share=0)
    source = divergence(flow, box)
    found = CosineTransform()(source, box)
    assert left(source, found, box).max() < 1e-12
    torch.testing.assert_close(found, Factorized()(source, box), atol=1e-10, rtol=0)
    box, flow = problem(5, 5)
    with pytest.raises(ValueError, match="geometry: expected no obstacles, got"):
        CosineTransform()(divergence(flow, box), box)


def test_one_sweep_by_hand():
    # a row of three: n = 1, 2, 1; then p = (neighbors - d) / n
    box = Geometry(torch.tensor([[[False] * 3, [True] * 3]]), torch.float64)
    source = torch.zeros(1, 2, 3).double()
    source[0, 0] = torch.tensor([2.0, 0, -2])
    assert Jacobi(1)(source, box)[0, 0].tolist() == [-1, 0, 1]  # half of the way
    source[0, 0] = torch.tensor([2.0, -2, 0])
    # first (-2, 1, 0), then half of the way to (1 - 2, (-2 + 0 + 2) / 2, 1 - 0), mean off
    assert Jacobi(2)(source, box)[0, 0].tolist() == pytest.approx([-4 / 3, 2 / 3, 2 / 3])


def test_a_checkerboard_fades():
    box = empty_box(8, 8, dtype=torch.float64)
    rows, columns = torch.arange(8)[:, None], torch.arange(8)[None]
    board = (1.0 - 2 * ((rows + columns) % 2))[None].double()
    source = board * box.count
    assert left(source, Jacobi(9)(source, box), box).max() < 1e-12


def test_more_sweeps_leave_less():
    box, flow = problem(16, 16)
    source = divergence(flow, box)
    shares = [float(left(source, Jacobi(n)(source, box), box).mean()) for n in (1, 4, 16, 64)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 0.1


def test_the_matrix_is_the_operator():
    from cnnhistory.graphics.fluid.grid import negative_laplacian

    box, _ = problem(5, 6, count=1)
    p = torch.randn(box.solid.shape).double() * box.fluid
    mask = box.fluid[0].bool()
    matrix = pressure_matrix(box)
    np.testing.assert_allclose(matrix @ p[0][mask].numpy(), negative_laplacian(p, box)[0][mask])
    assert (matrix - matrix.T).count_nonzero() == 0


@pytest.mark.peer
@pytest.mark.parametrize("name", PRECONDITIONERS)
def test_conjugate_gradients_are_those_of_scipy(name):
    box, flow = problem(9, 10, count=1)
    source = divergence(flow, box)
    mask = box.fluid[0].bool()
    steps = []
    scipy.sparse.linalg.cg(
        pressure_matrix(box),
        -source[0][mask].numpy(),
        rtol=1e-6,
        callback=lambda x: steps.append(x),
    )
    found, count = ConjugateGradients(1e-6, "none").solve(source, box)
    assert abs(count - len(steps)) <= 1
    best = torch.from_numpy(steps[-1] - steps[-1].mean())
    torch.testing.assert_close(found[0][mask], best, atol=1e-4, rtol=0)


def test_an_incomplete_factor_by_hand():
    # Four cells in a square. The entry between the second and the third, which a complete factor
    # has and this one lacks, goes to their diagonals, nearly all of it.
    pivots = 1 / sparse._pivots(np.array([[True, True], [True, True]])) ** 2
    assert pivots[0, 0] == pytest.approx(2)
    beside = 2 - 1 / 2 - 0.97 * 1 / 2  # one face leads on from the first cell the other way
    assert pivots[0, 1] == pivots[1, 0] == pytest.approx(beside)
    # 2 - 2 / beside is below a quarter of 2, so the diagonal stands
    assert pivots[1, 1] == pytest.approx(2)


def test_the_incomplete_factor_is_close_to_the_matrix():
    box, _ = problem(8, 8, count=1)
    solve = incomplete_cholesky(box)
    matrix = pressure_matrix(box).toarray()
    mask = box.fluid[0].bool()
    columns = []
    for column in matrix.T:
        right = torch.zeros_like(box.fluid)
        right[0][mask] = torch.from_numpy(column)
        columns.append(solve(right)[0][mask].numpy())
    # the eigenvalues of the preconditioned matrix lie closer together
    found = np.sort(np.linalg.eigvals(np.stack(columns, 1)).real)
    plain = np.sort(np.linalg.eigvalsh(matrix))
    assert found[-1] / found[1] < 0.35 * plain[-1] / plain[1]


@pytest.mark.parametrize("make", [incomplete_cholesky, multigrid])
@pytest.mark.parametrize("sizes", [(13, 10), (6, 7, 5)])
def test_preconditioners_are_symmetric_and_positive(make, sizes):
    box, _ = problem(*sizes)
    solve = make(box)
    p, q = (torch.randn(box.solid.shape).double() * box.fluid for _ in range(2))
    torch.testing.assert_close((solve(p) * q).sum(), (solve(q) * p).sum())
    assert (solve(p) * p).sum() > 0


def test_preconditioned_steps_are_fewer_and_those_of_multigrid_do_not_grow():
    counts = {name: [] for name in PRECONDITIONERS}
    for side in (16, 32, 64):
        box, flow = problem(side, side, share=0.05, count=1)
        for name, found in counts.items():
            found.append(ConjugateGradients(1e-6, name).solve(divergence(flow, box), box)[1])
    for plain, cholesky, grids in zip(*counts.values(), strict=True):
        assert grids < cholesky < plain
    assert counts["multigrid"][-1] <= counts["multigrid"][0] + 3
    assert counts["none"][-1] > 2.5 * counts["none"][0]


def test_it_gives_up_after_so_many_steps():
    box, flow = problem(16, 16)
    solver = ConjugateGradients(1e-9, "none", most=5)
    found, steps = solver.solve(divergence(flow, box), box)
    assert steps == 5
    assert found.isfinite().all()


@pytest.mark.parametrize("solver", [*EXACT.values(), Jacobi(3), CosineTransform()])
def test_no_divergence_needs_no_pressure(solver):
    box = empty_box(6, 5, dtype=torch.float64)
    zero = torch.zeros(1, 6, 5).double()
    found = solver(zero, box)
    assert found.abs().max() == 0
    assert left(zero, found, box).tolist() == [0]


def test_factors_are_made_once_for_a_geometry(monkeypatch):
    box, flow = problem(8, 8)
    made = []
    original = sparse.splu
    monkeypatch.setattr(sparse, "splu", lambda *a, **k: made.append(1) or original(*a, **k))
    for solver in (Factorized(), ConjugateGradients()):
        before = len(made)
        solver(divergence(flow, box), box)
        assert len(made) == before + 2  # one a box
        solver(divergence(flow, box), box)
        assert len(made) == before + 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Jacobi(0), "sweeps: expected a whole number, at least 1, got 0"),
        (lambda: ConjugateGradients(0), "tolerance: expected a positive number"),
        (lambda: ConjugateGradients(1.0), "tolerance: expected below 1"),
        (lambda: ConjugateGradients(preconditioner="ilu"), "preconditioner: expected one of none"),
        (lambda: ConjugateGradients(most=0), "most: expected a whole number"),
    ],
)
def test_bad_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("solver", [*EXACT.values(), Jacobi(3), CosineTransform()])
def test_divergences_that_do_not_fit_are_refused(solver, number):
    box = empty_box(6, 5, dtype=torch.float64)
    wrong = torch.zeros(1, 6, 5).double()
    wrong[0, 2, 2] = number
    with pytest.raises(ValueError, match="divergence: expected finite numbers"):
        solver(wrong, box)
    with pytest.raises(ValueError, match=r"divergence: expected shape \(1, 6, 5\), got"):
        solver(wrong[:, :5], box)
