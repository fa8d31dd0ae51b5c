"""Lp pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="lp_pooling",
    name="Lp pooling",
    year=2012,
    era="pooling",
    task="pooling",
    paper="sermanet2012convolutional",
    see_also=("hyvarinen2007complex",),
    object="nn.pool.LPPool2d",
    deviations=(
        "all values of a window weigh the same, where the paper weighs them by a Gaussian",
    ),
    chapter="toolbox/pooling",
    digest="lp-pooling",
)
