"""RoI pooling, and what the survey says about it."""

from cnnhistory.system import Statement, System

SYSTEM = System(
    id="roi_pooling",
    name="RoI pooling",
    year=2015,
    era="pooling",
    task="pooling",
    paper="girshick2015fast",
    object="nn.regions.roi.RoIPool2d",
    chapter="toolbox/pooling",
    digest="roi-pooling",
)


c1 = Statement(
    "roi_pooling.c1",
    text="RoI pooling was introduced with Fast R-CNN.",
    check="cite",
    verdict="correct",
    truth="As stated, under this name. The paper calls it the special case of the spatial "
    "pyramid of SPP-net with a single level.",
    source="girshick2015fast, Section 2.1",
)
