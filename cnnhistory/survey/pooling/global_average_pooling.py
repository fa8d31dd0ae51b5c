"""Global average pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="global_average_pooling",
    name="Global average pooling",
    year=2013,
    era="pooling",
    task="pooling",
    paper="lin2014network",
    digest="global-average-pooling",
)
