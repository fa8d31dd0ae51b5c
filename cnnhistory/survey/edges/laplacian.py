"""Laplacian operator."""

from cnnhistory.system import System

SYSTEM = System(
    id="laplacian",
    name="Laplacian operator",
    year=1980,
    era="edges",
    task="edge detection",
    paper="marr1980theory",
    digest="laplacian",
)
