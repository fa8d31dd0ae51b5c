"""ResNeXt."""

from cnnhistory.system import System

SYSTEM = System(
    id="resnext",
    name="ResNeXt",
    year=2016,
    era="residual",
    task="classification",
    paper="xie2017aggregated",
    digest="resnext",
)
