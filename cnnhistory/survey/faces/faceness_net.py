"""Faceness-Net."""

from cnnhistory.system import System

SYSTEM = System(
    id="faceness_net",
    name="Faceness-Net",
    year=2015,
    era="faces",
    task="face detection",
    paper="yang2015facial",
    digest="faceness-net",
)
