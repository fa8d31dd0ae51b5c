"""Scale-invariant log-depth loss."""

from cnnhistory.system import System

SYSTEM = System(
    id="scale_invariant_loss",
    name="Scale-invariant log-depth loss",
    year=2014,
    era="losses",
    task="loss",
    paper="eigen2014depth",
    chapter="toolbox/losses",
    object="nn.losses.scale_invariant_loss.ScaleInvariantLoss",
    digest="scale-invariant-loss",
)
