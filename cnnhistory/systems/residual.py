"""Residual networks and their analysis."""

from cnnhistory.registry import System

SYSTEMS = (
    System(
        id="resnet",
        name="ResNet",
        year=2015,
        era="resnet-family",
        task="classification",
        paper="he2016deep",
        see_also=("he2016identity",),
    ),
    System(
        id="highway_network",
        name="Highway network",
        year=2015,
        era="resnet-family",
        task="classification",
        paper="srivastava2015training",
    ),
    System(
        id="resnet_ensemble_view",
        name="Residual networks as ensembles of shallow ones",
        year=2016,
        era="theory",
        task="analysis",
        paper="veit2016residual",
    ),
)
