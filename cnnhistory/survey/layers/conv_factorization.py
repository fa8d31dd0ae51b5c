"""Convolution factorization."""

from cnnhistory.system import System

SYSTEM = System(
    id="conv_factorization",
    name="Convolution factorization",
    year=2015,
    era="layers",
    task="layer",
    paper="szegedy2016rethinking",
    digest="conv-factorization",
)
