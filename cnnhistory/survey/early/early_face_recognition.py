"""Early CNN face recognition."""

from cnnhistory.system import System

SYSTEM = System(
    id="early_face_recognition",
    name="Early CNN face recognition",
    year=1997,
    era="early",
    task="face recognition",
    paper="lawrence1997face",
    digest="early-face-recognition",
)
