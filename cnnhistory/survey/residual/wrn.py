"""Wide ResNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="wrn",
    name="Wide ResNet",
    year=2016,
    era="residual",
    task="classification",
    paper="zagoruyko2016wide",
    digest="wrn",
)
