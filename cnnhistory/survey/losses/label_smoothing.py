"""Label smoothing."""

from cnnhistory.system import System

SYSTEM = System(
    id="label_smoothing",
    name="Label smoothing",
    year=2015,
    era="losses",
    task="loss",
    paper="szegedy2016rethinking",
    object="nn.loss.LabelSmoothingLoss",
    digest="label-smoothing",
)
