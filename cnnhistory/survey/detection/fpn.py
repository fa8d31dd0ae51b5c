"""Feature pyramid network."""

from cnnhistory.system import System

SYSTEM = System(
    id="fpn",
    name="Feature pyramid network",
    year=2017,
    era="detection",
    task="object detection",
    paper="lin2017feature",
    digest="fpn",
)
