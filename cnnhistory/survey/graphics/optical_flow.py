"""Optical-flow alignment."""

from cnnhistory.system import System

SYSTEM = System(
    id="optical_flow",
    name="Optical-flow alignment",
    year=1981,
    era="graphics",
    task="optical flow",
    paper="lucas1981iterative",
    see_also=("liu2009beyond",),
    digest="optical-flow",
)
