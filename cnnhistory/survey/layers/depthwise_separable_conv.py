"""Depthwise separable convolution."""

from cnnhistory.system import System

SYSTEM = System(
    id="depthwise_separable_conv",
    name="Depthwise separable convolution",
    year=2013,
    era="layers",
    task="layer",
    paper="sifre2014rigid",
    see_also=("chollet2017xception", "howard2017mobilenets"),
    digest="depthwise-separable-conv",
)
