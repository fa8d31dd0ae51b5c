"""SSD."""

from cnnhistory.system import System

SYSTEM = System(
    id="ssd",
    name="SSD",
    year=2016,
    era="detection",
    task="object detection",
    paper="liu2016ssd",
    digest="ssd",
)
