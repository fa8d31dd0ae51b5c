"""Online SGD."""

from cnnhistory.system import System

SYSTEM = System(
    id="online_sgd",
    name="Online SGD",
    year=1998,
    era="optimizers",
    task="optimizer",
    paper="lecun1998efficient",
    see_also=("robbins1951stochastic",),
    chapter="toolbox/backprop",
    object="optim.sgd.SGD",
    digest="online-sgd",
)
