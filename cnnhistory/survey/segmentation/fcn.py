"""Fully convolutional network (FCN)."""

from cnnhistory.system import System

SYSTEM = System(
    id="fcn",
    name="Fully convolutional network (FCN)",
    year=2015,
    era="segmentation",
    task="segmentation",
    paper="long2015fully",
    see_also=("shelhamer2017fully",),
    digest="fcn",
)
