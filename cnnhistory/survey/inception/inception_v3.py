"""Inception-v3."""

from cnnhistory.system import System

SYSTEM = System(
    id="inception_v3",
    name="Inception-v3",
    year=2015,
    era="inception",
    task="classification",
    paper="szegedy2016rethinking",
    models=("inception_v3",),
    digest="inception-v3",
)
