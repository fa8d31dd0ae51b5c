"""Pressure solvers: ours against SciPy's, and the recorded network against the classical ones.

Two kinds of cases. "solvers": each of our solvers against conjugate gradients of SciPy, both until
the same share of the divergence is left. "network": one pass of FluidNet, as recorded, against
every classical solver that is stopped when it leaves no more of the divergence than the network.

What is made once for a geometry (factors, coarser grids, matrices) is made before the clock starts.
"""

import argparse
from collections.abc import Callable, Iterator

import torch
from scipy.sparse import diags_array
from scipy.sparse.linalg import cg
from torch import Tensor

from benchmarks.timing import Record, compare
from cnnhistory import zoo
from cnnhistory.graphics.fluid.geometry import Geometry, empty_box
from cnnhistory.graphics.fluid.grid import close_walls, divergence
from cnnhistory.graphics.fluid.network import LearnedSolver
from cnnhistory.graphics.fluid.pressure import (
    ConjugateGradients,
    CosineTransform,
    Jacobi,
    PressureSolver,
    left,
)
from cnnhistory.graphics.fluid.scenes import obstacles, rising_smoke
from cnnhistory.graphics.fluid.simulation import Simulation
from cnnhistory.graphics.fluid.sparse import Factorized, pressure_matrix
from cnnhistory.zoo.recording_fluid import pressure_network

KINDS = ("solvers", "network")
RUN = "fluidnet_64"
TOLERANCE = 1e-3
MOST_SWEEPS = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, metavar="KIND")
    parser.add_argument("--sides", nargs="+", type=int, default=(64, 128), metavar="CELLS")


def run(options: argparse.Namespace) -> Iterator[Record]:
    """Compare what is asked for, in boxes with obstacles and without."""
    with torch.no_grad():
        for side in options.sides:
            for obstructed in (True, False):
                source, geometry = problem(side, obstructed)
                what = "with obstacles" if obstructed else "empty"
                case = f"{side}×{side} {what}"
                if "solvers" in options.only:
                    yield from _solvers(case, source, geometry, options.repeat)
                if "network" in options.only:
                    yield from _network(case, source, geometry, options.repeat)


def problem(side: int, obstructed: bool) -> tuple[Tensor, Geometry]:
    """Return the divergence before a projection in a flow that is under way, and its box."""
    if obstructed:
        geometry = Geometry(obstacles(1, (side, side), seed=11, kinds=("stars",)))
    else:
        geometry = empty_box(side, side)
    scene = rising_smoke(geometry, seed=11, speed=0.8)
    simulation = Simulation(solver=Factorized(), lift=0.05)
    state = scene.state
    for _ in range(3):
        state = simulation.step(state, geometry, scene.source)
    flow = simulation.unprojected(state, geometry, scene.source).velocity
    return divergence(close_walls(flow, geometry), geometry), geometry


def classical(geometry: Geometry, tolerance: float) -> dict[str, PressureSolver]:
    """Return the solvers that stop at a share of the divergence, and the exact ones."""
    solvers: dict[str, PressureSolver] = {
        "multigrid PCG": ConjugateGradients(tolerance, "multigrid"),
        "incomplete-Cholesky PCG": ConjugateGradients(tolerance, "incomplete_cholesky"),
        "plain CG": ConjugateGradients(tolerance, "none"),
        "kept factors": Factorized(),
    }
    if not bool(geometry.solid.any()):
        solvers["cosine transform"] = CosineTransform()
    return solvers


def enough_sweeps(source: Tensor, geometry: Geometry, tolerance: float) -> int:
    """Return how many sweeps of Jacobi's iteration leave no more than this share.

    Raises:
        RuntimeError: more than `MOST_SWEEPS` would be needed.
    """
    low, high = 1, 1
    while left(source, Jacobi(high)(source, geometry), geometry).max() > tolerance:
        low, high = high, 2 * high
        if high > MOST_SWEEPS:
            raise RuntimeError(f"sweeps: expected at most {MOST_SWEEPS} to leave {tolerance:.2%}")
    while high - low > 1:
        middle = (low + high) // 2
        enough = left(source, Jacobi(middle)(source, geometry), geometry).max() <= tolerance
        low, high = (low, middle) if enough else (middle, high)
    return high


def check_left(
    case: str, source: Tensor, pressure: Tensor, geometry: Geometry, most: float
) -> None:
    """Refuse to time what leaves more of the divergence.

    Raises:
        RuntimeError: it does.
    """
    found = float(left(source, pressure, geometry).max())
    if not found <= most:
        raise RuntimeError(f"{case}: expected at most {most:.3%} left, {found:.3%} is")


def scipys(source: Tensor, geometry: Geometry) -> Callable[[], Tensor]:
    """Return SciPy's conjugate gradients, with the diagonal as preconditioner."""
    mask = geometry.fluid[0].bool()
    matrix = pressure_matrix(geometry)
    scale = diags_array(1 / matrix.diagonal())
    right = -source[0][mask].double().numpy()
    right = right - right.mean()

    def solve() -> Tensor:
        found, failed = cg(matrix, right, rtol=TOLERANCE, M=scale)
        if failed:
            raise RuntimeError("expected SciPy's conjugate gradients to converge")
        pressure = torch.zeros_like(source)
        pressure[0][mask] = torch.from_numpy(found - found.mean()).float()
        return pressure

    return solve


def _solvers(case: str, source: Tensor, geometry: Geometry, repeat: int) -> Iterator[Record]:
    peer = scipys(source, geometry)
    check_left(case, source, peer(), geometry, 2 * TOLERANCE)
    for name, solver in classical(geometry, TOLERANCE).items():
        check_left(f"{case}, {name}", source, solver(source, geometry), geometry, 2 * TOLERANCE)
        text = "SciPy's cg, diagonal preconditioner"

        def ours(solver: PressureSolver = solver) -> Tensor:
            return solver(source, geometry)

        yield compare(f"{case}, {name} against SciPy", ours, text, peer, repeat)


def _network(case: str, source: Tensor, geometry: Geometry, repeat: int) -> Iterator[Record]:
    network = pressure_network(zoo.recipe(RUN))
    network.load_state_dict(zoo.load_weights(RUN))
    solver = LearnedSolver(network.eval())
    share = float(left(source, solver(source, geometry), geometry).max())

    def ours() -> Tensor:
        return solver(source, geometry)

    peers = classical(geometry, min(share, 0.99))
    sweeps = enough_sweeps(source, geometry, share)
    peers[f"{sweeps} sweeps of Jacobi"] = Jacobi(sweeps)
    for name, other in peers.items():
        check_left(f"{case}, {name}", source, other(source, geometry), geometry, 1.001 * share)
        short = "Jacobi" if isinstance(other, Jacobi) else name

        def peer(other: PressureSolver = other) -> Tensor:
            return other(source, geometry)

        text = f"{name}, {share:.1%} of the divergence left"
        yield compare(f"{case}, network against {short}", ours, text, peer, repeat)
