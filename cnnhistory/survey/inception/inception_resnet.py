"""Inception-ResNet."""

from cnnhistory.system import System

SYSTEM = System(
    id="inception_resnet",
    name="Inception-ResNet",
    year=2016,
    era="inception",
    task="classification",
    paper="szegedy2017inception",
    models=(
        "inception_resnet_v1",
        "inception_resnet_v2",
    ),
    digest="inception-resnet",
)
