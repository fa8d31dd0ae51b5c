"""Fully connected CRF."""

from cnnhistory.system import System

SYSTEM = System(
    id="dense_crf",
    name="Fully connected CRF",
    year=2011,
    era="segmentation",
    task="segmentation",
    paper="krahenbuhl2011efficient",
    see_also=("chen2018deeplab",),
    digest="dense-crf",
)
