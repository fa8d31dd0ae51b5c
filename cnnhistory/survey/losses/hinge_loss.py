"""Hinge loss."""

from cnnhistory.system import System

SYSTEM = System(
    id="hinge_loss",
    name="Hinge loss",
    year=1995,
    era="losses",
    task="loss",
    paper="cortes1995support",
    see_also=("crammer2001algorithmic",),
    chapter="toolbox/losses",
    object="nn.losses.hinge_loss.HingeLoss",
    digest="hinge-loss",
)
