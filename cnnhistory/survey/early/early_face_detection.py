"""Early CNN face detection."""

from cnnhistory.system import System

SYSTEM = System(
    id="early_face_detection",
    name="Early CNN face detection",
    year=1994,
    era="early",
    task="face detection",
    paper="vaillant1994original",
    see_also=("garcia2004convolutional", "osadchy2007synergistic"),
    digest="early-face-detection",
)
