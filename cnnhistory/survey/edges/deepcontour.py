"""DeepContour."""

from cnnhistory.system import System

SYSTEM = System(
    id="deepcontour",
    name="DeepContour",
    year=2015,
    era="edges",
    task="edge detection",
    paper="shen2015deepcontour",
    digest="deepcontour",
)
