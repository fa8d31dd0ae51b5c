"""ReLU."""

from cnnhistory.system import System

SYSTEM = System(
    id="relu",
    name="ReLU",
    year=2010,
    era="activations",
    task="activation",
    paper="nair2010rectified",
    see_also=("glorot2011deep",),
    digest="relu",
)
