"""Accuracy, parameters and operations in one chart, and what the survey says about it."""

from cnnhistory.system import Statement, System

SYSTEM = System(
    id="accuracy_cost_chart",
    name="Accuracy, parameters and operations in one chart",
    year=2016,
    era="imagenet",
    task="analysis",
    paper="canziani2016analysis",
    see_also=("bianco2018benchmark",),
    chapter="imagenet/landscape",
    object="plotting.figures.landscape_chart.LandscapeChart",
    digest="accuracy-cost-chart",
)


c1 = Statement(
    "accuracy_cost_chart.c1",
    text="The chart shows the accuracy on the test set of ImageNet 2012.",
    check="cite",
    verdict="imprecise",
    truth="Charts of this kind show the validation set; the labels of the test set are not "
    "public. The survey does not name its source.",
    source="canziani2016analysis, Figures 1 and 2",
)
