"""Adam."""

from cnnhistory.system import System

SYSTEM = System(
    id="adam",
    name="Adam",
    year=2014,
    era="optimizers",
    task="optimizer",
    paper="kingma2015adam",
    digest="adam",
)
