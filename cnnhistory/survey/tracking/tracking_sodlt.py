"""SO-DLT tracker."""

from cnnhistory.system import System

SYSTEM = System(
    id="tracking_sodlt",
    name="SO-DLT tracker",
    year=2015,
    era="tracking",
    task="tracking",
    paper="wang2015transferring",
    digest="tracking-sodlt",
)
