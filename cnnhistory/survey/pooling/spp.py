"""Spatial pyramid pooling, and what the survey says about it."""

from cnnhistory.system import Statement, System

SYSTEM = System(
    id="spp",
    name="Spatial pyramid pooling",
    year=2014,
    era="pooling",
    task="pooling",
    paper="he2014spatial",
    deviations=(
        "cells meet or overlap on maps of every size, where the paper's windows and strides do "
        "not always give as many cells",
    ),
    object="nn.regions.pyramid.SpatialPyramidPool2d",
    chapter="toolbox/pooling",
    digest="spp",
)


c1 = Statement(
    "spp.c1",
    text="Spatial pyramid pooling was introduced with SPP-net.",
    check="cite",
    verdict="correct",
    truth="As stated, as a layer of a network. The pyramid itself is older: the paper names "
    "spatial pyramid matching of bags of features as what it extends.",
    source="he2014spatial, Section 1",
)
