"""RNN, LSTM and GNMT, and what the survey says about them."""

from __future__ import annotations

from cnnhistory.system import Statement, System

SYSTEM = System(
    id="rnn_lstm_gnmt",
    name="RNN, LSTM and GNMT",
    year=1997,
    era="nlp",
    task="translation",
    paper="hochreiter1997long",
    see_also=("wu2016google",),
    deviations=(
        "states of the decoder begin at 0, of which the paper on GNMT says nothing",
        "initial weights of all but the words are torch's",
    ),
    chapter="nlp/convs2s",
    models=("gnmt", "gnmt_small"),
    digest="rnn-lstm-gnmt",
)


c1 = Statement(
    "rnn_lstm_gnmt.c1",
    text="Recurrent networks are the usual tool for sequences, and Google's LSTM system is the "
    "reference for translation.",
    check="cite",
    verdict="correct",
    truth="As stated for its time: Google's system of 2016 has eight LSTM layers on either side, "
    "linked by attention; ConvS2S compares itself with it.",
    source="wu2016google, Section 3; gehring2017convolutional, Section 5",
)
