"""AdaGrad."""

from cnnhistory.system import System

SYSTEM = System(
    id="adagrad",
    name="AdaGrad",
    year=2011,
    era="optimizers",
    task="optimizer",
    paper="duchi2011adaptive",
    digest="adagrad",
)
