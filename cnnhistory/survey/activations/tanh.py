"""Hyperbolic tangent."""

from cnnhistory.system import System

SYSTEM = System(
    id="tanh",
    name="Hyperbolic tangent",
    year=1998,
    era="activations",
    task="activation",
    paper="lecun1998efficient",
    object="nn.activation.ScaledTanh",
    chapter="toolbox/activations",
    digest="tanh",
)
