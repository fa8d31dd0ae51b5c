"""HDRNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="hdrnet",
    name="HDRNet",
    year=2017,
    era="enhancement",
    task="image enhancement",
    paper="gharbi2017deep",
    see_also=("chen2007real",),
    digest="hdrnet",
)
