"""Sentence classification CNN."""

from cnnhistory.system import System

SYSTEM = System(
    id="textcnn",
    name="Sentence classification CNN",
    year=2014,
    era="nlp",
    task="sentence classification",
    paper="kim2014convolutional",
    models=("textcnn",),
    digest="textcnn",
)
