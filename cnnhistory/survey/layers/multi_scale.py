"""Multi-scale feature merging."""

from cnnhistory.system import System

SYSTEM = System(
    id="multi_scale",
    name="Multi-scale feature merging",
    year=2014,
    era="layers",
    task="layer",
    paper="szegedy2015going",
    see_also=("liu2016ssd", "li2015convolutional", "huang2015densebox"),
    digest="multi-scale",
)
