"""Theory: mathematics and the visual system."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="theory_math",
        name="Mathematical analysis of CNNs",
        year=2013,
        era="theory",
        task="analysis",
        paper="mallat2016understanding",
        see_also=("bruna2013invariant", "cybenko1989approximation"),
    ),
    System(
        id="theory_brain",
        name="CNNs and the visual system",
        year=1962,
        era="theory",
        task="analysis",
        paper="hubel1962receptive",
        see_also=("fukushima1980neocognitron", "yamins2014performance"),
    ),
)
