"""SPP-net."""

from cnnhistory.system import System

SYSTEM = System(
    id="spp_net",
    name="SPP-net",
    year=2014,
    era="detection",
    task="object detection",
    paper="he2014spatial",
    digest="spp-net",
)
