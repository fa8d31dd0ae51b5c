"""Deep face recognition."""

from cnnhistory.system import System

SYSTEM = System(
    id="face_recognition_dl",
    name="Deep face recognition",
    year=2014,
    era="faces",
    task="face recognition",
    paper="taigman2014deepface",
    see_also=("schroff2015facenet",),
    digest="face-recognition-dl",
)
