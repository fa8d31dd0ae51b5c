"""Long-term velocity-divergence loss."""

from cnnhistory.system import System

SYSTEM = System(
    id="divergence_loss",
    name="Long-term velocity-divergence loss",
    year=2016,
    era="losses",
    task="loss",
    paper="tompson2017accelerating",
    chapter="toolbox/losses",
    object="nn.losses.divergence_loss.DivergenceLoss",
    digest="divergence-loss",
)
