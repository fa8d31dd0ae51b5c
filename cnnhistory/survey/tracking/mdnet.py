"""MDNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="mdnet",
    name="MDNet",
    year=2015,
    era="tracking",
    task="tracking",
    paper="nam2016learning",
    digest="mdnet",
)
