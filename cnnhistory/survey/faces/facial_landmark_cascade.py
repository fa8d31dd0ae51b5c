"""Cascaded facial landmark CNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="facial_landmark_cascade",
    name="Cascaded facial landmark CNN",
    year=2013,
    era="faces",
    task="facial landmarks",
    paper="sun2013deep",
    digest="facial-landmark-cascade",
)
