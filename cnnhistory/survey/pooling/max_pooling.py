"""Max pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="max_pooling",
    name="Max pooling",
    year=1992,
    era="pooling",
    task="pooling",
    paper="krizhevsky2012imagenet",
    digest="max-pooling",
)
