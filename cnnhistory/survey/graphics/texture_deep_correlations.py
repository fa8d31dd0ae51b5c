"""Deep correlations for texture synthesis."""

from cnnhistory.system import System

SYSTEM = System(
    id="texture_deep_correlations",
    name="Deep correlations for texture synthesis",
    year=2017,
    era="graphics",
    task="image synthesis",
    paper="sendik2017deep",
    digest="texture-deep-correlations",
)
