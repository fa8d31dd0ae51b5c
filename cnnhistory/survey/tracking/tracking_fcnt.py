"""FCNT."""

from cnnhistory.system import System

SYSTEM = System(
    id="tracking_fcnt",
    name="FCNT",
    year=2015,
    era="tracking",
    task="tracking",
    paper="wang2015visual",
    digest="tracking-fcnt",
)
