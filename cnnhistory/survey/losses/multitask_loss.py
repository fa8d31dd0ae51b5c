"""Multi-task losses."""

from cnnhistory.system import System

SYSTEM = System(
    id="multitask_loss",
    name="Multi-task losses",
    year=2015,
    era="losses",
    task="loss",
    paper="girshick2015fast",
    see_also=("zhang2016joint", "kendall2018multi"),
    object="nn.losses.multitask_loss.FastRCNNLoss",
    digest="multitask-loss",
)
