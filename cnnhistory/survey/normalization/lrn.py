"""Local response normalization."""

from cnnhistory.system import System

SYSTEM = System(
    id="lrn",
    name="Local response normalization",
    year=2012,
    era="normalization",
    task="normalization",
    paper="krizhevsky2012imagenet",
    object="nn.norm.LocalResponseNorm",
    digest="lrn",
)
