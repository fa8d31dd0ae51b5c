"""Natural language."""

from cnnhistory.system import System

SYSTEMS = (
    System(
        id="textcnn",
        name="Sentence classification CNN",
        year=2014,
        era="nlp-apps",
        task="sentence classification",
        paper="kim2014convolutional",
    ),
    System(
        id="convs2s",
        name="ConvS2S",
        year=2017,
        era="nlp-apps",
        task="translation",
        paper="gehring2017convolutional",
    ),
    System(
        id="rnn_lstm_gnmt",
        name="RNN, LSTM and GNMT",
        year=1997,
        era="nlp-apps",
        task="translation",
        paper="hochreiter1997long",
        see_also=("wu2016google",),
    ),
)
