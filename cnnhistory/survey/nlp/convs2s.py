"""ConvS2S."""

from cnnhistory.system import System

SYSTEM = System(
    id="convs2s",
    name="ConvS2S",
    year=2017,
    era="nlp",
    task="translation",
    paper="gehring2017convolutional",
    digest="convs2s",
)
