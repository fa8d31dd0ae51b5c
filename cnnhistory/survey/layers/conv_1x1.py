"""1x1 convolution."""

from cnnhistory.system import System

SYSTEM = System(
    id="conv_1x1",
    name="1x1 convolution",
    year=2013,
    era="layers",
    task="layer",
    paper="lin2014network",
    digest="conv-1x1",
)
