"""Improvements by component: pooling."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="max_pooling",
        name="Max pooling",
        year=1992,
        era="pooling",
        task="pooling",
        paper="krizhevsky2012imagenet",
    ),
    System(
        id="avg_pooling",
        name="Average pooling and sub-sampling",
        year=1989,
        era="pooling",
        task="pooling",
        paper="lecun1998gradient",
    ),
    System(
        id="lp_pooling",
        name="Lp pooling",
        year=2012,
        era="pooling",
        task="pooling",
        paper="sermanet2012convolutional",
        see_also=("hyvarinen2007complex",),
    ),
    System(
        id="mixed_pooling",
        name="Mixed pooling",
        year=2014,
        era="pooling",
        task="pooling",
        paper="yu2014mixed",
        see_also=("lee2016generalizing",),
    ),
    System(
        id="stochastic_pooling",
        name="Stochastic pooling",
        year=2013,
        era="pooling",
        task="pooling",
        paper="zeiler2013stochastic",
    ),
    System(
        id="spp",
        name="Spatial pyramid pooling",
        year=2014,
        era="pooling",
        task="pooling",
        paper="he2014spatial",
    ),
    System(
        id="roi_pooling",
        name="RoI pooling",
        year=2015,
        era="pooling",
        task="pooling",
        paper="girshick2015fast",
    ),
    System(
        id="aspp",
        name="Atrous spatial pyramid pooling",
        year=2016,
        era="pooling",
        task="pooling",
        paper="chen2018deeplab",
    ),
)
