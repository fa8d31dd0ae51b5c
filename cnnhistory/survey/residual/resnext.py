"""ResNeXt."""

from cnnhistory.system import System

SYSTEM = System(
    id="resnext",
    name="ResNeXt",
    year=2016,
    era="residual",
    task="classification",
    paper="xie2017aggregated",
    models=(
        "resnext50_32x4d",
        "resnext101_32x4d",
        "resnext101_32x8d",
        "resnext101_64x4d",
        "resnext29_8x64d",
        "resnext29_16x64d",
    ),
    digest="resnext",
)
