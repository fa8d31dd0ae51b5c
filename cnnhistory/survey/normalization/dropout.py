"""Dropout."""

from cnnhistory.system import System

SYSTEM = System(
    id="dropout",
    name="Dropout",
    year=2012,
    era="normalization",
    task="regularization",
    paper="hinton2012improving",
    see_also=("srivastava2014dropout",),
    object="nn.regularization.dropout.Dropout",
    digest="dropout",
)
