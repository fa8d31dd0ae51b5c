"""FluidNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="fluidnet",
    name="FluidNet",
    year=2016,
    era="graphics",
    task="fluid simulation",
    paper="tompson2017accelerating",
    digest="fluidnet",
)
