"""YOLO."""

from cnnhistory.system import System

SYSTEM = System(
    id="yolo",
    name="YOLO",
    year=2016,
    era="detection",
    task="object detection",
    paper="redmon2016you",
    digest="yolo",
)
