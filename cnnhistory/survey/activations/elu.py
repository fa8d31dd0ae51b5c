"""ELU."""

from cnnhistory.system import System

SYSTEM = System(
    id="elu",
    name="ELU",
    year=2015,
    era="activations",
    task="activation",
    paper="clevert2016fast",
    digest="elu",
)
