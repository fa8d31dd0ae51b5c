"""Mini-batch SGD."""

from cnnhistory.system import System

SYSTEM = System(
    id="minibatch_sgd",
    name="Mini-batch SGD",
    year=2010,
    era="optimizers",
    task="optimizer",
    paper="bottou2010large",
    chapter="toolbox/backprop",
    object="optim.sgd.SGD",
    digest="minibatch-sgd",
)
