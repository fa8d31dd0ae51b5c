"""RNN, LSTM and GNMT."""

from cnnhistory.system import System

SYSTEM = System(
    id="rnn_lstm_gnmt",
    name="RNN, LSTM and GNMT",
    year=1997,
    era="nlp",
    task="translation",
    paper="hochreiter1997long",
    see_also=("wu2016google",),
    models=("gnmt", "gnmt_small"),
    digest="rnn-lstm-gnmt",
)
