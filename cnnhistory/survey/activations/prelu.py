"""PReLU."""

from cnnhistory.system import System

SYSTEM = System(
    id="prelu",
    name="PReLU",
    year=2015,
    era="activations",
    task="activation",
    paper="he2015delving",
    object="nn.activation.PReLU",
    chapter="toolbox/activations",
    digest="prelu",
)
