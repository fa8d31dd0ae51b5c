"""Text localization and recognition."""

from cnnhistory.system import System

SYSTEM = System(
    id="text_localization",
    name="Text localization and recognition",
    year=2012,
    era="detection",
    task="character recognition",
    paper="wang2012end",
    see_also=("goodfellow2014multi", "jaderberg2014deep", "jaderberg2016reading", "shi2017end"),
    digest="text-localization",
)
