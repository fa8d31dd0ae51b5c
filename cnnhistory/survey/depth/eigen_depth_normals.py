"""Depth, normals and labels from one network."""

from cnnhistory.system import System

SYSTEM = System(
    id="eigen_depth_normals",
    name="Depth, normals and labels from one network",
    year=2015,
    era="depth",
    task="depth estimation",
    paper="eigen2015predicting",
    digest="eigen-depth-normals",
)
