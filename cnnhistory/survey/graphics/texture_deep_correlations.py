"""Deep correlations for texture synthesis, and what the survey says about them."""

from __future__ import annotations

from cnnhistory.survey._checks import right_or_wrong
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="texture_deep_correlations",
    name="Deep correlations for texture synthesis",
    year=2017,
    era="graphics",
    task="image synthesis",
    paper="sendik2017deep",
    see_also=("gatys2015texture",),
    deviations=(
        "every term of the energy is relative to the example's, so that the weights are not those "
        "of the authors' program",
        "the maps of one layer are correlated",
    ),
    chapter="graphics/texture",
    object="graphics.texture.energies.DeepCorrelations",
    digest="texture-deep-correlations",
)

c1 = Statement(
    "texture_deep_correlations.c1",
    text="It does as Gatys and others do, but without Gram matrices.",
    check="cite",
    verdict="wrong",
    truth="The program that the authors released adds the difference of Gram matrices to that of "
    "the autocorrelations, to diversity and to smoothness.",
    source="sendik2017deep, Section 4",
)


@decided(
    "texture_deep_correlations.c2",
    text="Correlations of the features with themselves capture self-similarity and regularity.",
    check="exp",
    verdict="correct",
    truth="As stated. Where bricks are cut into tiles and the tiles shuffled, which leaves the "
    "Gram matrix of the pixels as it was, the autocorrelation changes by more than 20 %.",
    source="sendik2017deep, Section 3",
)
def c2() -> Finding:
    """Shuffle tiles of bricks, and look at what changes."""
    import torch

    from cnnhistory.data.pictures import read_picture
    from cnnhistory.graphics.texture.correlations import (
        autocorrelation,
        half_reach,
        structure_loss,
    )
    from cnnhistory.nn.losses.gram_loss import gram_matrix

    picture = torch.from_numpy(read_picture("brick")[:256:2, :256:2].copy())
    bricks = picture.permute(2, 0, 1).double() / 255
    bricks = (bricks - bricks.mean())[None]
    tiles = bricks.unfold(2, 16, 16).unfold(3, 16, 16).reshape(1, 3, 64, 16, 16)
    order = torch.randperm(64, generator=torch.Generator().manual_seed(0))
    shuffled = tiles[:, :, order].view(1, 3, 8, 8, 16, 16).transpose(3, 4).reshape(bricks.shape)
    grams = gram_matrix(bricks), gram_matrix(shuffled)
    gram = float((grams[0] - grams[1]).norm() / grams[0].norm())
    target = autocorrelation(bricks, half_reach(bricks))
    change = float((4 * structure_loss(shuffled, target)).sqrt())
    return Finding(
        right_or_wrong(gram < 1e-9 and change > 0.2),
        f"the Gram matrix changes by {gram:.0e}, the autocorrelation by {change:.0%}",
        ("more than 20 %",) if change > 0.2 else (),
    )
