"""AdaDelta."""

from cnnhistory.system import System

SYSTEM = System(
    id="adadelta",
    name="AdaDelta",
    year=2012,
    era="optimizers",
    task="optimizer",
    paper="zeiler2012adadelta",
    digest="adadelta",
)
