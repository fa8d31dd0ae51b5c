"""Max-unpooling with stored indices."""

from cnnhistory.system import System

SYSTEM = System(
    id="max_unpooling",
    name="Max-unpooling with stored indices",
    year=2014,
    era="layers",
    task="layer",
    paper="zeiler2014visualizing",
    see_also=("badrinarayanan2017segnet",),
    digest="max-unpooling",
)
