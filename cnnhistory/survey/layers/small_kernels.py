"""Small kernels, and what the survey says about them."""

from __future__ import annotations

from cnnhistory.survey._checks import convolutions, in_words
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="small_kernels",
    name="Small kernels",
    year=2014,
    era="layers",
    task="layer",
    paper="simonyan2015very",
    deviations=(
        "`kernel_stacks` is a network of ours that holds the paper's argument and nothing "
        "else; its own comparison is of configuration B with `vgg.SHALLOW_B`",
    ),
    models=("kernel_stacks",),
    chapter="imagenet/vgg",
    digest="small-kernels",
)


@decided(
    "small_kernels.c1",
    text="Small kernels in a row see as much as a large one, with fewer weights.",
    check="count",
    verdict="correct",
    truth="As stated: two of 3×3 see 5×5 pixels with 18 weights for a pair of maps in place of "
    "25, three of 3×3 see 7×7 pixels with 27 weights for a pair of maps in place of 49.",
    source="simonyan2015very, Section 2.3",
)
def c1() -> Finding:
    """Compare fields and weights of one stage of the networks of stacks."""
    from torch import nn

    from cnnhistory.accounting import receptive_field
    from cnnhistory.registry import on_meta

    def stage(*kernels: int) -> tuple[int, int]:
        """Return the field and the weights for a pair of maps."""
        network = on_meta("kernel_stacks", kernels=kernels, maps=1, in_channels=1)
        every = dict(network.named_modules())
        layers = [every[f"features.conv1_{n}"] for n in range(1, len(kernels) + 1)]
        field = receptive_field(nn.Sequential(*layers), (1, 32, 32))
        assert isinstance(field, int)
        return field, sum(conv.weight.numel() for conv in convolutions(nn.Sequential(*layers)))

    facts, holds = [], True
    for depth, side in ((2, 5), (3, 7)):
        (field, weights), (whole, large) = stage(*[3] * depth), stage(side)
        holds &= field == whole and weights < large
        facts.append(
            f"{in_words(depth)} of 3×3 see {field}×{field} pixels with {weights} weights for a "
            f"pair of maps in place of {large}"
        )
    return Finding("correct" if holds else "wrong", "; ".join(facts), tuple(facts))
