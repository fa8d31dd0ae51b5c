"""Weight initialization."""

from cnnhistory.system import System

SYSTEM = System(
    id="weight_init",
    name="Weight initialization",
    year=2010,
    era="optimizers",
    task="initialization",
    paper="glorot2010understanding",
    see_also=("he2015delving",),
    object="nn.init.xavier_uniform_",
    digest="weight-init",
)
