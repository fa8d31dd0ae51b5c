"""Binary-Weight-Network, and what the survey says about it."""

from cnnhistory.papers import Figure
from cnnhistory.system import Statement, System

SYSTEM = System(
    id="bwn",
    name="Binary-Weight-Network",
    year=2016,
    era="compression",
    task="compression",
    paper="rastegari2016xnor",
    figures=(
        Figure("AlexNet, ILSVRC-2012 top-1 accuracy", 56.8, "%", tolerance=1.0, where="Table 1"),
        Figure("AlexNet, ILSVRC-2012 top-5 accuracy", 79.4, "%", tolerance=1.0, where="Table 1"),
        Figure("ResNet-18, ILSVRC-2012 top-1 accuracy", 60.8, "%", tolerance=1.0, where="Table 2"),
        Figure("ResNet-18, ILSVRC-2012 top-5 accuracy", 83.0, "%", tolerance=1.0, where="Table 2"),
        Figure(
            "weights, times smaller", 32.0, "times", tolerance=0, where="Section 1", checked=True
        ),
    ),
    deviations=("not trained on ImageNet: the layout is that of BNN's network for CIFAR-10",),
    chapter="compression/xnor",
    models=("bwn_cifar", "bwn_digits"),
    module="compression.xnor",
    digest="bwn",
)


c1 = Statement(
    "bwn.c1",
    text="In the Binary-Weight-Network the weights are binary and the inputs real.",
    check="cite",
    verdict="correct",
    truth="As stated; each filter has a real scale besides.",
    source="rastegari2016xnor, Section 3.1",
)
