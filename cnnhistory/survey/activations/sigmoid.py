"""Sigmoid."""

from cnnhistory.system import System

SYSTEM = System(
    id="sigmoid",
    name="Sigmoid",
    year=1986,
    era="activations",
    task="activation",
    paper="rumelhart1986learning",
    object="nn.activation.Sigmoid",
    chapter="toolbox/activations",
    digest="sigmoid",
)
