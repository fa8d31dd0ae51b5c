"""Classical fluid solver."""

from cnnhistory.system import System

SYSTEM = System(
    id="navier_stokes_classic",
    name="Classical fluid solver",
    year=1999,
    era="graphics",
    task="fluid simulation",
    paper="stam1999stable",
    see_also=("bridson2015fluid",),
    digest="navier-stokes-classic",
)
