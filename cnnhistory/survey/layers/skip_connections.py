"""Shortcut connections."""

from cnnhistory.system import System

SYSTEM = System(
    id="skip_connections",
    name="Shortcut connections",
    year=2015,
    era="layers",
    task="layer",
    paper="he2016deep",
    see_also=("srivastava2015training",),
    digest="skip-connections",
)
