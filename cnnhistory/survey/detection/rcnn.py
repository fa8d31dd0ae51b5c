"""R-CNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="rcnn",
    name="R-CNN",
    year=2014,
    era="detection",
    task="object detection",
    paper="girshick2014rich",
    digest="rcnn",
)
