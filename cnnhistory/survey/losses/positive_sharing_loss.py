"""Positive-sharing loss."""

from cnnhistory.system import System

SYSTEM = System(
    id="positive_sharing_loss",
    name="Positive-sharing loss",
    year=2015,
    era="losses",
    task="loss",
    paper="shen2015deepcontour",
    object="nn.losses.positive_sharing_loss.PositiveSharingLoss",
    digest="positive-sharing-loss",
)
