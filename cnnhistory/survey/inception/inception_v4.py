"""Inception-v4, and what the survey says about it."""

from __future__ import annotations

from cnnhistory.papers import Figure
from cnnhistory.survey._inception import modules_by_stage, steps_in_a_row
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="inception_v4",
    name="Inception-v4",
    year=2016,
    era="inception",
    task="classification",
    paper="szegedy2017inception",
    figures=(
        Figure("ImageNet top-1 error, one crop", 20.0, "%", 0.3, "Table 2", "inception_v4"),
        Figure("ImageNet top-5 error, one crop", 5.0, "%", 0.2, "Table 2", "inception_v4"),
        Figure("ImageNet top-1 error, 144 crops", 17.7, "%", 0.3, "Table 4", "inception_v4"),
        Figure(
            "ImageNet top-5 test error, it and three Inception-ResNet-v2", 3.08, "%", 0.1, "Table 5"
        ),
    ),
    deviations=("weights start as in he2015delving; the paper does not give their start",),
    models=("inception_v4",),
    chapter="inception/inception_v4_resnet",
    digest="inception-v4",
)


@decided(
    "inception_v4.c1",
    text="It has more Inception modules than Inception-v3, and is deeper.",
    check="count",
    verdict="correct",
    truth="As stated: 4, 7 and 3 modules against 3, 4 and 2, and 75 convolutions in a row against "
    "47.",
    source="szegedy2017inception, Figure 9",
)
def c1() -> Finding:
    """Count the modules that keep the size, by stage, and the convolutions of the longest path."""
    from cnnhistory.registry import on_meta

    stages, depth = {}, {}
    for name in ("inception_v3", "inception_v4"):
        network = on_meta(name)
        stages[name] = modules_by_stage(network.get_submodule("inception").children())
        depth[name] = steps_in_a_row(network)
    old, new = (stages[name] for name in ("inception_v3", "inception_v4"))
    more = len(old) == len(new) and all(n > o for n, o in zip(new, old, strict=True))
    deeper = depth["inception_v4"] > depth["inception_v3"]

    def words(counts: list[int]) -> str:
        return f"{', '.join(map(str, counts[:-1]))} and {counts[-1]}"

    return Finding(
        "correct" if more and deeper else "wrong",
        f"{words(new)} modules, Inception-v3 has {words(old)}; "
        + " and ".join(f"{depth[name]}" for name in ("inception_v4", "inception_v3"))
        + " convolutions on the longest path",
        (
            f"{words(new)} modules against {words(old)}",
            f"{depth['inception_v4']} convolutions in a row against",
            f"{depth['inception_v3']}.",
        ),
    )
