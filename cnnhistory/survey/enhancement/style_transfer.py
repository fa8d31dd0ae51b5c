"""Neural style transfer."""

from cnnhistory.system import System

SYSTEM = System(
    id="style_transfer",
    name="Neural style transfer",
    year=2015,
    era="enhancement",
    task="image synthesis",
    paper="gatys2016image",
    see_also=("gatys2015neural",),
    digest="style-transfer",
)
