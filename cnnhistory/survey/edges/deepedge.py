"""DeepEdge."""

from cnnhistory.system import System

SYSTEM = System(
    id="deepedge",
    name="DeepEdge",
    year=2015,
    era="edges",
    task="edge detection",
    paper="bertasius2015deepedge",
    digest="deepedge",
)
