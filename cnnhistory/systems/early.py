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
        claims=(
            Claim(
                "parameters",
                9_760,
                "parameters",
                tolerance=0,
                where="Section 3.3",
                model="lenet1989",
                checked=True,
            ),
            Claim(
                "connections",
                64_660,
                "connections",
                tolerance=0,
                where="Section 3.3",
                model="lenet1989",
                checked=True,
            ),
            Claim(
                "units",
                1_256,
                "units",
                tolerance=0,
                where="Section 3.3",
                model="lenet1989",
                checked=True,
            ),
            # 102 of 2,007 digits: a binomial 95 % interval reaches about one point either way.
            Claim(
                "test error on zip codes",
                5.0,
                "%",
                tolerance=1.0,
                where="Section 5",
                model="lenet1989",
            ),
            Claim(
                "rejected for 1 % error on the rest",
                12.1,
                "%",
                tolerance=1.5,
                where="Section 5",
                model="lenet1989",
            ),
        ),
        deviations=(
            "each map of H2 reads 8 neighboring maps of H1, going round; the paper does not say "
            "which 8",
            "Adam with a one-cycle schedule by default instead of steps scaled by the diagonal of "
            "the Hessian",
        ),
        models=("lenet1989",),
    ),
    System(
        id="lenet1990",
        name="Zip-code network of 1990",
        year=1990,
        era="early",
        task="classification",
        paper="lecun1990handwritten",
        claims=(
            Claim(
                "parameters",
                2_578,
                "parameters",
                tolerance=0,
                where="network architecture",
                model="lenet1990",
                checked=True,
            ),
            Claim(
                "connections",
                98_442,
                "connections",
                tolerance=0,
                where="network architecture",
                model="lenet1990",
                checked=True,
            ),
            Claim(
                "test error on handwritten and printed digits",
                3.4,
                "%",
                tolerance=0.7,
                where="results",
                model="lenet1990",
            ),
            Claim(
                "rejected for 1 % error on the rest, handwritten digits",
                9.0,
                "%",
                tolerance=1.5,
                where="results",
                model="lenet1990",
            ),
        ),
        deviations=(
            "which 20 pairs of maps of H2 and H3 are connected is from memory of the paper's "
            "table; its totals force only their number",
            "Adam with a one-cycle schedule by default instead of steps scaled by the diagonal of "
            "the Hessian",
        ),
        models=("lenet1990",),
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
