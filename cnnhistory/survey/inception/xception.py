"""Xception."""

from cnnhistory.system import System

SYSTEM = System(
    id="xception",
    name="Xception",
    year=2016,
    era="inception",
    task="classification",
    paper="chollet2017xception",
    models=("xception",),
    digest="xception",
)
