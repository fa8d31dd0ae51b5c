"""Atrous spatial pyramid pooling."""

from cnnhistory.system import System

SYSTEM = System(
    id="aspp",
    name="Atrous spatial pyramid pooling",
    year=2016,
    era="pooling",
    task="pooling",
    paper="chen2018deeplab",
    digest="aspp",
)
