"""Spatial pyramid pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="spp",
    name="Spatial pyramid pooling",
    year=2014,
    era="pooling",
    task="pooling",
    paper="he2014spatial",
    digest="spp",
)
