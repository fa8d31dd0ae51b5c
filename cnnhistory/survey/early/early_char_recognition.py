"""Early CNN character recognition."""

from cnnhistory.system import System

SYSTEM = System(
    id="early_char_recognition",
    name="Early CNN character recognition",
    year=2003,
    era="early",
    task="character recognition",
    paper="simard2003best",
    digest="early-char-recognition",
)
