"""Multi-scale depth network."""

from cnnhistory.system import System

SYSTEM = System(
    id="eigen_depth",
    name="Multi-scale depth network",
    year=2014,
    era="depth",
    task="depth estimation",
    paper="eigen2014depth",
    digest="eigen-depth",
)
