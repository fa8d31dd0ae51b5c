"""Wide ResNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="wrn",
    name="Wide ResNet",
    year=2016,
    era="residual",
    task="classification",
    paper="zagoruyko2016wide",
    models=(
        "wrn_16_4",
        "wrn_16_8",
        "wrn_28_10",
        "wrn_40_4",
        "wrn_50_2",
    ),
    digest="wrn",
)
