"""Inception-v2 (BN-Inception)."""

from cnnhistory.system import System

SYSTEM = System(
    id="inception_v2",
    name="Inception-v2 (BN-Inception)",
    year=2015,
    era="inception",
    task="classification",
    paper="ioffe2015batch",
    see_also=("szegedy2016rethinking",),
    models=("inception_v2",),
    digest="inception-v2",
)
