"""CNNs and the visual system."""

from cnnhistory.system import System

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
    digest="theory-brain",
)
