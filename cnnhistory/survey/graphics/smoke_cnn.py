"""Smoke synthesis with CNN descriptors."""

from cnnhistory.system import System

SYSTEM = System(
    id="smoke_cnn",
    name="Smoke synthesis with CNN descriptors",
    year=2017,
    era="graphics",
    task="fluid simulation",
    paper="chu2017data",
    digest="smoke-cnn",
)
