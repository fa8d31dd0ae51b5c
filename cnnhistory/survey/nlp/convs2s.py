"""ConvS2S, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.system import Statement, System

SYSTEM = System(
    id="convs2s",
    name="ConvS2S",
    year=2017,
    era="nlp",
    task="translation",
    paper="gehring2017convolutional",
    see_also=("salimans2016weight", "dauphin2017language"),
    figures=(
        Figure("BLEU, WMT'14 English-German", 25.16, "BLEU", 0.3, "Section 5.1", "convs2s"),
        Figure("BLEU, WMT'14 English-French", 40.51, "BLEU", 0.3, "Section 5.1", "convs2s_en_fr"),
    ),
    deviations=(
        "sources are filled up at the end, not at the beginning, and positions count from there",
        "the small networks share one matrix of words in encoder, decoder and last layer",
    ),
    chapter="nlp/convs2s",
    models=("convs2s", "convs2s_en_fr", "convs2s_small"),
    digest="convs2s",
)


c1 = Statement(
    "convs2s.c1",
    text="It translates better than Google's LSTM system, from English to German and to French.",
    check="cite",
    verdict="correct",
    truth="As stated, on WMT'14: a BLEU of 25.16 against 24.61 for English-German, and of 40.51 "
    "against 39.92 for English-French.",
    source="gehring2017convolutional, Section 5.1",
)
