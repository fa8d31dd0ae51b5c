"""ResNeXt-101 32x48d, weakly supervised."""

from cnnhistory.system import System

SYSTEM = System(
    id="wsl_resnext",
    name="ResNeXt-101 32x48d, weakly supervised",
    year=2018,
    era="residual",
    task="classification",
    paper="mahajan2018exploring",
    models=("resnext101_32x48d",),
    module="models.resnext",
    digest="wsl-resnext",
)
