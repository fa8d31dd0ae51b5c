"""Inception-v4."""

from cnnhistory.system import System

SYSTEM = System(
    id="inception_v4",
    name="Inception-v4",
    year=2016,
    era="inception",
    task="classification",
    paper="szegedy2017inception",
    models=("inception_v4",),
    digest="inception-v4",
)
