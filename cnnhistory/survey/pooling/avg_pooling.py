"""Average pooling and sub-sampling."""

from cnnhistory.system import System

SYSTEM = System(
    id="avg_pooling",
    name="Average pooling and sub-sampling",
    year=1989,
    era="pooling",
    task="pooling",
    paper="lecun1998gradient",
    object="nn.pool.Subsample2d",
    chapter="toolbox/pooling",
    digest="avg-pooling",
)
