"""Fully convolutional topology."""

from cnnhistory.system import System

SYSTEM = System(
    id="fcn_topology",
    name="Fully convolutional topology",
    year=2015,
    era="layers",
    task="layer",
    paper="long2015fully",
    digest="fcn-topology",
)
