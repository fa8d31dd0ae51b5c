"""Bilateral grid and slicing."""

from cnnhistory.system import System

SYSTEM = System(
    id="bilateral_grid",
    name="Bilateral grid and slicing",
    year=2007,
    era="graphics",
    task="image enhancement",
    paper="chen2007real",
    digest="bilateral-grid",
)
