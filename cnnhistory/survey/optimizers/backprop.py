"""Back-propagation."""

from cnnhistory.system import System

SYSTEM = System(
    id="backprop",
    name="Back-propagation",
    year=1986,
    era="optimizers",
    task="optimizer",
    paper="rumelhart1986learning",
    chapter="toolbox/backprop",
    object="nn.autograd.node.Node",
    digest="backprop",
)
