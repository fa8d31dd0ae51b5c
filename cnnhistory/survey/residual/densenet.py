"""DenseNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="densenet",
    name="DenseNet",
    year=2016,
    era="residual",
    task="classification",
    paper="huang2017densely",
    models=(
        "densenet121",
        "densenet161",
        "densenet169",
        "densenet201",
        "densenet264",
        "densenet40_12",
        "densenet_bc_100_12",
        "densenet_bc_190_40",
    ),
    digest="densenet",
)
