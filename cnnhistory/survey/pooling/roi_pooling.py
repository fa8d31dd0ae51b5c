"""RoI pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="roi_pooling",
    name="RoI pooling",
    year=2015,
    era="pooling",
    task="pooling",
    paper="girshick2015fast",
    digest="roi-pooling",
)
