"""RMSProp."""

from cnnhistory.system import System

SYSTEM = System(
    id="rmsprop",
    name="RMSProp",
    year=2012,
    era="optimizers",
    task="optimizer",
    paper="tieleman2012lecture",
    digest="rmsprop",
)
