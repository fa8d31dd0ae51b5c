"""DenseBox."""

from cnnhistory.system import System

SYSTEM = System(
    id="densebox",
    name="DenseBox",
    year=2015,
    era="faces",
    task="face detection",
    paper="huang2015densebox",
    digest="densebox",
)
