"""The early networks: LeCun's three, first uses, and why progress stalled."""

from cnnhistory.papers import Claim
from cnnhistory.registry import System

SYSTEMS = (
    System(
        id="lenet1989",
        name="Zip-code network of 1989",
        year=1989,
        era="early",
        task="classification",
        paper="lecun1989backprop",
    ),
    System(
        id="lenet1990",
        name="Zip-code network of 1990",
        year=1990,
        era="early",
        task="classification",
        paper="lecun1990handwritten",
    ),
    System(
        id="lenet5",
        name="LeNet-5",
        year=1998,
        era="early",
        task="classification",
        paper="lecun1998gradient",
        claims=(
            Claim(
                "trainable parameters",
                60_000,
                "parameters",
                tolerance=0,
                where="Section II-B",
                model="lenet5",
                checked=True,
            ),
            Claim(
                "connections",
                340_908,
                "connections",
                tolerance=0,
                where="Section II-B",
                model="lenet5",
                checked=True,
            ),
            # The paper puts the uncertainty of its error rates at about 0.1 (Figure 9).
            Claim(
                "MNIST test error",
                0.95,
                "%",
                tolerance=0.1,
                where="Section III-B",
                model="lenet5",
            ),
            Claim(
                "MNIST test error, trained with distorted digits",
                0.8,
                "%",
                tolerance=0.1,
                where="Section III-B",
                model="lenet5",
            ),
        ),
        deviations=(
            "bitmap codes of the RBF layer are drawn by us, since the paper shows them only as "
            "a figure",
            "Adam with a one-cycle schedule by default instead of the stochastic diagonal "
            "Levenberg-Marquardt method",
        ),
        chapter="early/lenet5",
        models=("lenet5", "lenet5_modern", "linear_classifier", "lenet300_100"),
    ),
    System(
        id="early_face_detection",
        name="Early CNN face detection",
        year=1994,
        era="early",
        task="face detection",
        paper="vaillant1994original",
        see_also=("garcia2004convolutional", "osadchy2007synergistic"),
    ),
    System(
        id="early_face_recognition",
        name="Early CNN face recognition",
        year=1997,
        era="early",
        task="face recognition",
        paper="lawrence1997face",
    ),
    System(
        id="early_char_recognition",
        name="Early CNN character recognition",
        year=2003,
        era="early",
        task="character recognition",
        paper="simard2003best",
    ),
    System(
        id="early_obstacles",
        name="Why early CNNs stalled",
        year=2010,
        era="early",
        task="analysis",
        paper="glorot2010understanding",
        see_also=("bengio1994learning",),
    ),
)
