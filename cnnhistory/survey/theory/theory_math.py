"""Mathematical analysis of CNNs, and what the survey says about it."""

from cnnhistory.system import Statement, System

SYSTEM = System(
    id="theory_math",
    name="Mathematical analysis of CNNs",
    year=2013,
    era="theory",
    task="analysis",
    paper="mallat2016understanding",
    see_also=("bruna2013invariant", "cybenko1989approximation"),
    deviations=(
        "the wavelets of the scattering transform are longer across their direction than along "
        "it, as in later software of the group",
    ),
    object="nn.scattering.transform.Scattering2d",
    chapter="toolbox/theory",
    digest="theory-math",
)


c1 = Statement(
    "theory_math.c1",
    text="Theory lags behind what the networks are used for; there is comparatively little of it.",
    check="cite",
    verdict="opinion",
    truth="A judgment. What is proved is what one layer can approximate, and that a scattering "
    "transform is invariant to shifts and stable to deformations; that trained networks are "
    "stable in this way does not follow from it.",
    source="mallat2016understanding, Sections 1 and 8",
)
