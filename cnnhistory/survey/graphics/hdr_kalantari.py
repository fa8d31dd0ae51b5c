"""Deep HDR imaging of dynamic scenes."""

from cnnhistory.system import System

SYSTEM = System(
    id="hdr_kalantari",
    name="Deep HDR imaging of dynamic scenes",
    year=2017,
    era="graphics",
    task="image enhancement",
    paper="kalantari2017deep",
    digest="hdr-kalantari",
)
