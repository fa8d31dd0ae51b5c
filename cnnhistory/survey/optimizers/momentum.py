"""Momentum."""

from cnnhistory.system import System

SYSTEM = System(
    id="momentum",
    name="Momentum",
    year=1964,
    era="optimizers",
    task="optimizer",
    paper="polyak1964some",
    see_also=("sutskever2013importance",),
    object="optim.momentum.Momentum",
    digest="momentum",
)
