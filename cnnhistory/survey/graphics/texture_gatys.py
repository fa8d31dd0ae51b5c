"""CNN texture synthesis, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="texture_gatys",
    name="CNN texture synthesis",
    year=2015,
    era="graphics",
    task="image synthesis",
    paper="gatys2015texture",
    see_also=("ustyuzhaninov2016texture", "efros2001image"),
    deviations=(
        "the layers are weighted by their targets; the paper rescales the network so that every "
        "map has a mean of 1 and weights them alike",
        "values are cut off at 0 and 1 at the end; the paper matches the histogram of colors",
        "in small mode the features are those of EfficientNet-Lite0, seen at twice the size; the "
        "paper's are those of VGG-19 with average pooling, which full mode has",
    ),
    chapter="graphics/texture",
    object="graphics.texture.synthesis.synthesize",
    digest="texture-gatys",
)


@decided(
    "texture_gatys.c1",
    text="Textures are described by the Gram matrices of convolutional layers, and a picture made "
    "by descending their difference has the same ones.",
    check="exp",
    verdict="correct",
    truth="As stated, approximately. With random filters and 60 evaluations, the difference of a "
    "picture of bricks falls to below 2 % of that of white noise, and not to nothing.",
    source="gatys2015texture, Section 3",
    quoted=("60 evaluations",),
)
def c1() -> Finding:
    """Descend from white noise to the Gram matrices of bricks."""
    made = _bricks(0)
    share = made.energies[-1] / made.energies[0]
    return Finding(
        right_or_wrong(0 < share < 0.02),
        f"the energy falls from {made.energies[0]:.3g} to {made.energies[-1]:.3g}",
        ("below 2 %",) if share < 0.02 else (),
    )


@decided(
    "texture_gatys.c2",
    text="The descent starts from white noise.",
    check="exp",
    verdict="correct",
    truth="As stated. Different starts lead to different pictures, whose pixels correlate by less "
    "than 0.3.",
    source="gatys2015texture, Section 3.2",
)
def c2() -> Finding:
    """Start from two pictures of noise."""
    import torch

    one, other = (_bricks(seed).picture.flatten() for seed in (0, 1))
    alike = float(torch.corrcoef(torch.stack([one, other]))[0, 1])
    return Finding(
        right_or_wrong(abs(alike) < 0.3),
        f"the pixels of two results correlate by {alike:.2f}",
        ("less than 0.3",) if abs(alike) < 0.3 else (),
    )


def _bricks(seed: int):  # type: ignore[no-untyped-def]
    """Return a picture made after a piece of bricks, by random filters."""
    import torch

    from cnnhistory.data.pictures import read_picture
    from cnnhistory.graphics.texture.energies import GramEnergy
    from cnnhistory.graphics.texture.features import RandomFilters
    from cnnhistory.graphics.texture.synthesis import synthesize

    picture = torch.from_numpy(read_picture("brick")[:256:4, :256:4].copy())
    example = picture.permute(2, 0, 1).float() / 255
    extractor = RandomFilters(maps=16, sizes=(3, 7, 15))
    return synthesize(GramEnergy(extractor, example), (48, 48), evaluations=60, seed=seed)
