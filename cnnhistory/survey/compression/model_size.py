"""Model size, and what the survey says about it."""

from cnnhistory.survey._checks import in_words
from cnnhistory.system import Finding, System, decided

SYSTEM = System(
    id="model_size",
    name="Model size",
    year=2012,
    era="compression",
    task="analysis",
    paper="krizhevsky2012imagenet",
    see_also=("simonyan2015very",),
    deviations=("sizes are computed from the layers, four bytes for each parameter",),
    chapter="compression/pruning",
    object="accounting.summary.count_parameters",
    digest="model-size",
)


@decided(
    "model_size.c1",
    text="In Caffe the file of AlexNet has over 200 MB and that of VGG over 500 MB, too much "
    "for an app.",
    check="count",
    verdict="correct",
    truth="As stated: four bytes for each of 60,965,224 and 138,357,544 parameters.",
    source="krizhevsky2012imagenet, Section 3.5",
)
def c1() -> Finding:
    from cnnhistory.registry import on_meta

    megabytes, parameters, widths = {}, [], set()
    for name in ("alexnet", "vgg16"):
        model = on_meta(name)
        megabytes[name] = sum(p.nbytes for p in model.parameters()) / 1e6
        parameters.append(sum(p.numel() for p in model.parameters()))
        widths |= {p.element_size() for p in model.parameters()}
    holds = megabytes["alexnet"] > 200 and megabytes["vgg16"] > 500
    return Finding(
        "correct" if holds else "wrong",
        ", ".join(f"{name} {size:.1f} MB" for name, size in megabytes.items()),
        (
            f"{in_words(max(widths))} bytes",
            f"each of {parameters[0]:,} and {parameters[1]:,} parameters",
        ),
    )
