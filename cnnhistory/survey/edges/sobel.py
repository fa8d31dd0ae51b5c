"""Sobel operator."""

from cnnhistory.system import System

SYSTEM = System(
    id="sobel",
    name="Sobel operator",
    year=1968,
    era="edges",
    task="edge detection",
    paper="sobel1968isotropic",
    digest="sobel",
)
