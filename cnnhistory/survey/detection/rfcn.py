"""R-FCN."""

from cnnhistory.system import System

SYSTEM = System(
    id="rfcn",
    name="R-FCN",
    year=2016,
    era="detection",
    task="object detection",
    paper="dai2016rfcn",
    digest="rfcn",
)
