"""Batch normalization."""

from cnnhistory.system import System

SYSTEM = System(
    id="batch_norm",
    name="Batch normalization",
    year=2015,
    era="normalization",
    task="normalization",
    paper="ioffe2015batch",
    digest="batch-norm",
)
