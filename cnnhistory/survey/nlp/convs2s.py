"""ConvS2S."""

from cnnhistory.system import System

SYSTEM = System(
    id="convs2s",
    name="ConvS2S",
    year=2017,
    era="nlp",
    task="translation",
    paper="gehring2017convolutional",
    see_also=("salimans2016weight",),
    models=("convs2s", "convs2s_en_fr", "convs2s_small"),
    digest="convs2s",
)
