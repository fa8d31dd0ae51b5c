"""Canny edge detector."""

from cnnhistory.system import System

SYSTEM = System(
    id="canny",
    name="Canny edge detector",
    year=1986,
    era="edges",
    task="edge detection",
    paper="canny1986computational",
    digest="canny",
)
