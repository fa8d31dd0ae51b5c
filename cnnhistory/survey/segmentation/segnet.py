"""SegNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="segnet",
    name="SegNet",
    year=2015,
    era="segmentation",
    task="segmentation",
    paper="badrinarayanan2017segnet",
    digest="segnet",
)
