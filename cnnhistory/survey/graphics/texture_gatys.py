"""CNN texture synthesis."""

from cnnhistory.system import System

SYSTEM = System(
    id="texture_gatys",
    name="CNN texture synthesis",
    year=2015,
    era="graphics",
    task="image synthesis",
    paper="gatys2015texture",
    digest="texture-gatys",
)
