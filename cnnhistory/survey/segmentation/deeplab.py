"""DeepLab."""

from cnnhistory.system import System

SYSTEM = System(
    id="deeplab",
    name="DeepLab",
    year=2015,
    era="segmentation",
    task="segmentation",
    paper="chen2018deeplab",
    see_also=("chen2015semantic", "krahenbuhl2011efficient"),
    digest="deeplab",
)
