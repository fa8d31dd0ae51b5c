"""Grouped convolution."""

from cnnhistory.system import System

SYSTEM = System(
    id="grouped_conv",
    name="Grouped convolution",
    year=2012,
    era="layers",
    task="layer",
    paper="krizhevsky2012imagenet",
    digest="grouped-conv",
)
