"""NASNet-A, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._checks import in_words, parameters
from cnnhistory.system import Finding, Statement, System, decided

SYSTEM = System(
    id="nasnet",
    name="NASNet-A",
    year=2017,
    era="inception",
    task="classification",
    paper="zoph2018learning",
    figures=(
        *(
            Figure("parameters", value, "parameters", 50_000, where, model, checked=True)
            for model, value, where in (
                ("nasnet_a_mobile", 5_300_000, "Table 3"),
                ("nasnet_a_cifar", 3_300_000, "Table 1"),
            )
        ),
        *(
            Figure("multiply-adds", value, "multiply-adds", tolerance, where, model, checked=True)
            for model, value, tolerance, where in (
                ("nasnet_a_large", 23_800_000_000, 50_000_000, "Table 2"),
                ("nasnet_a_mobile", 564_000_000, 500_000, "Table 3"),
            )
        ),
        *(
            Figure("ImageNet top-1 error, one crop", value, "%", 0.3, where, model)
            for model, value, where in (
                ("nasnet_a_large", 17.3, "Table 2"),
                ("nasnet_a_mobile", 26.0, "Table 3"),
            )
        ),
        Figure("CIFAR-10 test error, 7 @ 2304 with cutout", 2.40, "%", 0.2, "Table 1"),
        Figure("computing of the search", 2_000, "GPU days", 0, "Section 4, 500 for 4 days"),
    ),
    deviations=(
        "no auxiliary head",
        "on CIFAR-10 the first cell gets the first convolution twice, both times brought to its "
        "number of maps",
        "what the paper leaves out (which cell the first one behind a reduction reads, how sides "
        "are halved) is as in the authors' release",
        "weights start as in he2015delving",
    ),
    chapter="inception/nasnet",
    models=(
        "nasnet_a_large",
        "nasnet_a_mobile",
        "nasnet_a_cifar",
    ),
    digest="nasnet",
)


c1 = Statement(
    "nasnet.c1",
    text="It has a top-1 accuracy of 82.7 % on ImageNet's validation set.",
    check="cite",
    verdict="correct",
    truth="As stated, for the large network and images of 331×331.",
    source="zoph2018learning, Table 2",
)


@decided(
    "nasnet.c2",
    text="A network is a stack of identical modules, which makes the search smaller.",
    check="count",
    verdict="correct",
    truth="As stated, of two kinds: the large network has 18 normal and four reduction cells. The "
    "cells of a kind differ in the number of maps only; 88.8 million parameters in all.",
    source="zoph2018learning, Section 3, Figures 2 and 4",
)
def c2() -> Finding:
    """Compare the plans of all cells."""
    from collections import Counter

    from cnnhistory.nn.cell import Cell
    from cnnhistory.registry import on_meta

    cells = [m for m in on_meta("nasnet_a_large").modules() if isinstance(m, Cell)]
    # A kind is the pairs of operations and which states are put out.
    kinds = Counter(cell.genotype for cell in cells)
    (_, most), *others = kinds.most_common()
    rest = sum(count for _, count in others)
    total = parameters("nasnet_a_large")
    return Finding(
        "correct" if len(kinds) <= 2 else "wrong",
        f"{len(cells)} cells of {len(kinds)} kinds: {most} and {rest}; {total:,} parameters",
        (
            f"of {in_words(len(kinds))} kinds",
            f"{most} normal and {in_words(rest)} reduction cells",
            f"{total / 1e6:.1f} million parameters",
        ),
    )


c3 = Statement(
    "nasnet.c3",
    text="The modules are searched on CIFAR-10 and carried over to ImageNet and to detection on "
    "COCO.",
    check="cite",
    verdict="correct",
    truth="As stated.",
    source="zoph2018learning, Sections 4.1 to 4.3",
)
