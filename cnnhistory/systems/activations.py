"""Improvements by component: activations."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="sigmoid",
        name="Sigmoid",
        year=1986,
        era="activations",
        task="activation",
        paper="rumelhart1986learning",
    ),
    System(
        id="tanh",
        name="Hyperbolic tangent",
        year=1998,
        era="activations",
        task="activation",
        paper="lecun1998efficient",
    ),
    System(
        id="relu",
        name="ReLU",
        year=2010,
        era="activations",
        task="activation",
        paper="nair2010rectified",
        see_also=("glorot2011deep",),
    ),
    System(
        id="prelu",
        name="PReLU",
        year=2015,
        era="activations",
        task="activation",
        paper="he2015delving",
    ),
    System(
        id="elu",
        name="ELU",
        year=2015,
        era="activations",
        task="activation",
        paper="clevert2016fast",
    ),
)
