"""HDR imaging by exposure merging."""

from cnnhistory.system import System

SYSTEM = System(
    id="hdr_basics",
    name="HDR imaging by exposure merging",
    year=1997,
    era="graphics",
    task="image enhancement",
    paper="debevec1997recovering",
    digest="hdr-basics",
)
