"""Viola-Jones cascade."""

from cnnhistory.system import System

SYSTEM = System(
    id="viola_jones",
    name="Viola-Jones cascade",
    year=2001,
    era="faces",
    task="face detection",
    paper="viola2001rapid",
    digest="viola-jones",
)
