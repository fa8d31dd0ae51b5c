"""The Inception line, up to architecture search."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="inception_v2",
        name="Inception-v2 (BN-Inception)",
        year=2015,
        era="inception-family",
        task="classification",
        paper="ioffe2015batch",
        see_also=("szegedy2016rethinking",),
    ),
    System(
        id="inception_v3",
        name="Inception-v3",
        year=2015,
        era="inception-family",
        task="classification",
        paper="szegedy2016rethinking",
    ),
    System(
        id="label_smoothing",
        name="Label smoothing",
        year=2015,
        era="losses",
        task="loss",
        paper="szegedy2016rethinking",
    ),
    System(
        id="inception_v4",
        name="Inception-v4",
        year=2016,
        era="inception-family",
        task="classification",
        paper="szegedy2017inception",
    ),
    System(
        id="xception",
        name="Xception",
        year=2016,
        era="inception-family",
        task="classification",
        paper="chollet2017xception",
    ),
    System(
        id="inception_resnet",
        name="Inception-ResNet",
        year=2016,
        era="inception-family",
        task="classification",
        paper="szegedy2017inception",
    ),
    System(
        id="nas_rl",
        name="Architecture search with reinforcement learning",
        year=2016,
        era="inception-family",
        task="architecture search",
        paper="zoph2017neural",
    ),
    System(
        id="nasnet",
        name="NASNet-A",
        year=2017,
        era="inception-family",
        task="classification",
        paper="zoph2018learning",
    ),
)
