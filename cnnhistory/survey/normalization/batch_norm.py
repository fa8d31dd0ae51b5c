"""Batch normalization."""

from cnnhistory.papers import Figure
from cnnhistory.system import System

SYSTEM = System(
    id="batch_norm",
    name="Batch normalization",
    year=2015,
    era="normalization",
    task="normalization",
    paper="ioffe2015batch",
    see_also=("santurkar2018how",),
    figures=tuple(
        Figure("steps to 72.2 % top-1 accuracy on ImageNet", value, "steps", 100_000, where)
        for value, where in (
            (31_000_000, "Figure 3, without"),
            (13_300_000, "Figure 3, with, at the same learning rate"),
            (2_100_000, "Figure 3, with, at five times the learning rate"),
            (2_700_000, "Figure 3, with, at thirty times the learning rate"),
        )
    ),
    object="nn.norm.BatchNorm2d",
    digest="batch-norm",
)
