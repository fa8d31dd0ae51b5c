"""O-CNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="o_cnn",
    name="O-CNN",
    year=2017,
    era="graphics",
    task="shape analysis",
    paper="wang2017ocnn",
    digest="o-cnn",
)
