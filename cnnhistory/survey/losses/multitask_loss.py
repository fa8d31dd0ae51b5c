"""Multi-task losses, and what the survey says about them."""

from cnnhistory.system import Statement, System

SYSTEM = System(
    id="multitask_loss",
    name="Multi-task losses",
    year=2015,
    era="losses",
    task="loss",
    paper="girshick2015fast",
    see_also=("zhang2016joint", "kendall2018multi"),
    chapter="toolbox/losses",
    object="nn.losses.multitask_loss.FastRCNNLoss",
    digest="multitask-loss",
)


c1 = Statement(
    "multitask_loss.c1",
    text="In detection, face recognition and segmentation several losses are added.",
    check="cite",
    verdict="correct",
    truth="As stated: Fast R-CNN adds the loss of the class and that of the box, MTCNN those of "
    "face or not, box and landmarks.",
    source="girshick2015fast, Section 2.3",
)
