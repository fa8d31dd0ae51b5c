"""Faster R-CNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="faster_rcnn",
    name="Faster R-CNN",
    year=2015,
    era="detection",
    task="object detection",
    paper="ren2015faster",
    digest="faster-rcnn",
)
