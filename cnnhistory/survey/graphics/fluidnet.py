"""FluidNet, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="fluidnet",
    name="FluidNet",
    year=2016,
    era="graphics",
    task="fluid simulation",
    paper="tompson2017accelerating",
    deviations=(
        "in the plane, with closed walls; the paper's networks are for space, its boxes open",
        "the resolution is halved five times instead of twice",
        "inputs are scaled by the divergence, not by the velocity",
        "scenes are made up and moved on by the network while it trains; the authors made theirs "
        "beforehand with another simulator",
        "every scene counts alike in the loss, whatever its speed, and the weights of cells beside "
        "walls are of our own form",
        "it is no model of the registry, whose networks take images: "
        "`cnnhistory.graphics.fluid.network` builds it",
    ),
    chapter="graphics/fluid",
    object="graphics.fluid.network.FluidNet",
    digest="fluidnet",
)

c1 = Statement(
    "fluidnet.c1",
    text="It is trained semi-supervised.",
    check="cite",
    verdict="imprecise",
    truth="The first version of the paper (2016) says so: its code adds the squared error of the "
    "pressure to the divergence, now and 4 or 25 steps later. The version of the conference (2017) "
    "calls its method unsupervised, and counts the divergence alone.",
    source="tompson2017accelerating, abstracts of both versions",
)


@decided(
    "fluidnet.c2",
    text="It learns by making the divergence of the velocity small, also in the long term.",
    check="exp",
    verdict="correct",
    truth="As stated. A network that never saw a solved pressure leaves less than two thirds of "
    "what one with random weights leaves, in every step of its own flow around obstacles of a "
    "kind that it was not trained with.",
    source="tompson2017accelerating, Section 3",
)
def c2() -> Finding:
    """Let the recorded network and one with random weights move the same scenes."""
    import torch

    from cnnhistory import zoo
    from cnnhistory.graphics.fluid.network import LearnedSolver
    from cnnhistory.graphics.fluid.training import SceneSet
    from cnnhistory.zoo.recipes import FluidRecipe
    from cnnhistory.zoo.recording_fluid import pressure_network

    scenes = SceneSet(boxes=2, steps=6)
    torch.manual_seed(0)
    plan = zoo.recipe("fluidnet_64")
    assert isinstance(plan, FluidRecipe)
    network = pressure_network(plan)
    before = scenes.rollout(LearnedSolver(network)).mean(1)
    network.load_state_dict(zoo.load_weights("fluidnet_64"))
    after = scenes.rollout(LearnedSolver(network)).mean(1)
    less = bool((after < before * 2 / 3).all())
    return Finding(
        right_or_wrong(less),
        f"{100 * float(after.mean()):.0f} % of the divergence is left, with random weights "
        f"{100 * float(before.mean()):.0f} %",
        ("less than two thirds of what",) if less else (),
    )


c3 = Statement(
    "fluidnet.c3",
    text="It does without solving the linear system.",
    check="cite",
    verdict="imprecise",
    truth="It gives an approximate solution of the same system, in a fixed number of operations; "
    "some divergence is left.",
    source="tompson2017accelerating, Section 3",
)
