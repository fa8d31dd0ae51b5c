"""DenseNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="densenet",
    name="DenseNet",
    year=2016,
    era="residual",
    task="classification",
    paper="huang2017densely",
    digest="densenet",
)
