"""Mixed pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="mixed_pooling",
    name="Mixed pooling",
    year=2014,
    era="pooling",
    task="pooling",
    paper="yu2014mixed",
    see_also=("lee2016generalizing",),
    object="nn.pool.MixedPool2d",
    deviations=(
        "in evaluation the mean of both choices, where the paper takes the more frequent one",
    ),
    chapter="toolbox/pooling",
    digest="mixed-pooling",
)
