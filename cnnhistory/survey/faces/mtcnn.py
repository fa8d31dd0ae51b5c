"""MTCNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="mtcnn",
    name="MTCNN",
    year=2016,
    era="faces",
    task="face detection",
    paper="zhang2016joint",
    digest="mtcnn",
)
