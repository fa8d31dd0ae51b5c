"""Lp pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="lp_pooling",
    name="Lp pooling",
    year=2012,
    era="pooling",
    task="pooling",
    paper="sermanet2012convolutional",
    see_also=("hyvarinen2007complex",),
    digest="lp-pooling",
)
