"""Gram-matrix loss."""

from cnnhistory.system import System

SYSTEM = System(
    id="gram_loss",
    name="Gram-matrix loss",
    year=2015,
    era="losses",
    task="loss",
    paper="gatys2015texture",
    see_also=("gatys2016image",),
    chapter="toolbox/losses",
    object="nn.losses.gram_loss.GramLoss",
    digest="gram-loss",
)
