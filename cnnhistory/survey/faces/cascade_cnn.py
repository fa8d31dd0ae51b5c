"""Cascade CNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="cascade_cnn",
    name="Cascade CNN",
    year=2015,
    era="faces",
    task="face detection",
    paper="li2015convolutional",
    digest="cascade-cnn",
)
