"""Nesterov accelerated gradient."""

from cnnhistory.system import System

SYSTEM = System(
    id="nag",
    name="Nesterov accelerated gradient",
    year=1983,
    era="optimizers",
    task="optimizer",
    paper="nesterov1983method",
    see_also=("sutskever2013importance",),
    digest="nag",
)
