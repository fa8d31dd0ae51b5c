"""L1 regularization."""

from cnnhistory.system import System

SYSTEM = System(
    id="l1_regularization",
    name="L1 regularization",
    year=1996,
    era="normalization",
    task="regularization",
    paper="tibshirani1996regression",
    object="nn.regularization.l1_regularization.L1Penalty",
    digest="l1-regularization",
)
