"""Patch-per-pixel segmentation."""

from cnnhistory.system import System

SYSTEM = System(
    id="patch_segmentation",
    name="Patch-per-pixel segmentation",
    year=2012,
    era="segmentation",
    task="segmentation",
    paper="ciresan2012deep",
    digest="patch-segmentation",
)
