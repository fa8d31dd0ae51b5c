"""Contrastive loss."""

from cnnhistory.system import System

SYSTEM = System(
    id="contrastive_loss",
    name="Contrastive loss",
    year=2005,
    era="losses",
    task="loss",
    paper="hadsell2006dimensionality",
    see_also=("schroff2015facenet",),
    chapter="toolbox/losses",
    object="nn.losses.contrastive_loss.ContrastiveLoss",
    digest="contrastive-loss",
)
