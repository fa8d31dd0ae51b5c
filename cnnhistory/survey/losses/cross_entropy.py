"""Cross-entropy with softmax."""

from cnnhistory.system import System

SYSTEM = System(
    id="cross_entropy",
    name="Cross-entropy with softmax",
    year=1990,
    era="losses",
    task="loss",
    paper="bridle1990probabilistic",
    chapter="toolbox/losses",
    object="nn.losses.cross_entropy.CrossEntropyLoss",
    digest="cross-entropy",
)
