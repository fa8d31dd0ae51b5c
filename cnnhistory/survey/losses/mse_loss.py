"""Mean squared error."""

from cnnhistory.system import System

SYSTEM = System(
    id="mse_loss",
    name="Mean squared error",
    year=1989,
    era="losses",
    task="loss",
    paper="lecun1989backprop",
    chapter="toolbox/losses",
    object="nn.losses.mse_loss.SquaredErrorLoss",
    digest="mse-loss",
)
