"""Mathematical analysis of CNNs."""

from cnnhistory.system import System

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
    digest="theory-math",
)
