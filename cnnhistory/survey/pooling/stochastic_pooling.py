"""Stochastic pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="stochastic_pooling",
    name="Stochastic pooling",
    year=2013,
    era="pooling",
    task="pooling",
    paper="zeiler2013stochastic",
    object="nn.pool.StochasticPool2d",
    chapter="toolbox/pooling",
    digest="stochastic-pooling",
)
