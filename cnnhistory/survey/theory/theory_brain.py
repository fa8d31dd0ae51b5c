"""CNNs and the visual system, and what the survey says about it."""

from cnnhistory.system import Statement, System

SYSTEM = System(
    id="theory_brain",
    name="CNNs and the visual system",
    year=1962,
    era="theory",
    task="analysis",
    paper="hubel1962receptive",
    see_also=("fukushima1980neocognitron", "yamins2014performance"),
    deviations=(
        "the neocognitron's constants are chosen so that five handwritten digits are told apart",
    ),
    object="nn.cortex.neocognitron.Neocognitron",
    chapter="toolbox/theory",
    digest="theory-brain",
)


c1 = Statement(
    "theory_brain.c1",
    text="To compare the networks with the brain helps both fields.",
    check="cite",
    verdict="opinion",
    truth="A judgment. The neocognitron took its plan from the cells of the cat; networks that "
    "classify better predict the cells of monkeys better.",
    source="yamins2014performance, abstract",
)
