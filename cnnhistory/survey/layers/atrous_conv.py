"""Atrous (dilated) convolution."""

from cnnhistory.system import System

SYSTEM = System(
    id="atrous_conv",
    name="Atrous (dilated) convolution",
    year=2014,
    era="layers",
    task="layer",
    paper="chen2018deeplab",
    see_also=("yu2016multi",),
    digest="atrous-conv",
)
