"""Residual block."""

from cnnhistory.system import System

SYSTEM = System(
    id="residual_block",
    name="Residual block",
    year=2015,
    era="layers",
    task="layer",
    paper="he2016deep",
    object="nn.residual.BasicBlock",
    chapter="toolbox/connections",
    digest="residual-block",
)
