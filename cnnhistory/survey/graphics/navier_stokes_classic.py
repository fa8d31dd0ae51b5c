"""The classical fluid solver, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="navier_stokes_classic",
    name="Classical fluid solver",
    year=1999,
    era="graphics",
    task="fluid simulation",
    paper="stam1999stable",
    see_also=("bridson2015fluid", "fedkiw2001visual", "harlow1965numerical"),
    deviations=(
        "velocities stand on the faces of a staggered grid, as with Harlow and Welch; Stam's stand "
        "in the cells",
        "walls and obstacles are closed and slippery; Stam's are closed or periodic",
        "what is carried along is corrected once by MacCormack's method; Stam's is not",
    ),
    chapter="graphics/fluid",
    object="graphics.fluid.simulation.Simulation",
    digest="navier-stokes-classic",
)


@decided(
    "navier_stokes_classic.c1",
    text="Solving for the pressure takes most of the time.",
    check="exp",
    verdict="correct",
    truth="As stated, with the plain iterative solvers: more than half of a step with conjugate "
    "gradients. With the cosine transform, which needs a box without obstacles, it is less than "
    "half.",
    source="bridson2015fluid, Chapter 5",
)
def c1() -> Finding:
    """Time the parts of some steps with two solvers."""
    import torch

    from cnnhistory.graphics.fluid.geometry import empty_box
    from cnnhistory.graphics.fluid.pressure import ConjugateGradients, CosineTransform
    from cnnhistory.graphics.fluid.scenes import rising_smoke
    from cnnhistory.graphics.fluid.simulation import Simulation

    share = {}
    scene = rising_smoke(empty_box(128, 128), speed=0.5)
    for name, solver in (
        ("conjugate gradients", ConjugateGradients(1e-4, "none")),
        ("cosine transform", CosineTransform()),
    ):
        simulation, state = Simulation(solver=solver, lift=0.05), scene.state
        seconds: dict[str, float] = {}
        with torch.no_grad():
            for _ in range(3):
                state = simulation.step(state, scene.geometry, scene.source, seconds)
        share[name] = seconds["pressure"] / sum(seconds.values())
    iterative, direct = share.values()
    facts = []
    if iterative > 0.5:
        facts.append("more than half of a step with conjugate gradients")
    if direct < 0.5:
        facts.append("it is less than half")
    return Finding(
        right_or_wrong(iterative > 0.5),
        ", ".join(f"{100 * value:.0f} % of a step with {name}" for name, value in share.items()),
        tuple(facts),
    )
