"""Other trackers."""

from cnnhistory.system import System

SYSTEM = System(
    id="tracking_misc",
    name="Other trackers",
    year=2013,
    era="tracking",
    task="tracking",
    paper="wang2013learning",
    digest="tracking-misc",
)
