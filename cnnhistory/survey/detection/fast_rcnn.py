"""Fast R-CNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="fast_rcnn",
    name="Fast R-CNN",
    year=2015,
    era="detection",
    task="object detection",
    paper="girshick2015fast",
    digest="fast-rcnn",
)
