"""User-guided colorization."""

from cnnhistory.system import System

SYSTEM = System(
    id="colorization_user",
    name="User-guided colorization",
    year=2017,
    era="graphics",
    task="image synthesis",
    paper="zhang2017real",
    digest="colorization-user",
)
