"""Holistically-nested edge detection (HED)."""

from cnnhistory.system import System

SYSTEM = System(
    id="hed",
    name="Holistically-nested edge detection (HED)",
    year=2015,
    era="edges",
    task="edge detection",
    paper="xie2015holistically",
    digest="hed",
)
