"""Recording textures that are made from examples by several methods, and measured."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from cnnhistory.zoo.format import SeedResult
from cnnhistory.zoo.recipes import TextureRecipe
from cnnhistory.zoo.recording import OneSeed, SeedRun

if TYPE_CHECKING:
    from cnnhistory.graphics.texture.comparison import Method
    from cnnhistory.graphics.texture.dcor import Texture
    from cnnhistory.graphics.texture.features import Extractor
    from cnnhistory.zoo.format import Record

NOISE = "noise"  # the picture that every descent starts from, measured like a method's


def prepare_textures(plan: TextureRecipe) -> tuple[OneSeed, dict[str, Any]]:
    """Return the function that makes the textures of one example, and the examples' description."""
    data = plan.data.build()
    examples = data.read()
    return lambda seed, folder: make_textures(plan, seed, examples[seed]), data.describe()


@cache
def extractor_of(blocks: int) -> Extractor:
    """Return the features of a recipe: the first blocks of the trunk, seen at twice the size."""
    from cnnhistory.graphics.texture.features import enlarged
    from cnnhistory.graphics.texture.lite import lite_features

    return enlarged(lite_features(blocks=blocks))


def make_textures(plan: TextureRecipe, seed: int, example: Texture) -> SeedRun:
    """Make a texture from an example by every method of a recipe, and measure all."""
    from cnnhistory.graphics.texture.comparison import Judge, make
    from cnnhistory.graphics.texture.measures import regularity
    from cnnhistory.graphics.texture.synthesis import white_noise

    extractor, picture = extractor_of(plan.blocks), example.picture
    judge = Judge(extractor, picture)
    size = (picture.shape[1], picture.shape[2])
    found = {NOISE: judge(white_noise(size, seed))}
    seconds: dict[str, float] = {}
    for method, settings in plan.methods.items():
        start = time.perf_counter()
        made = make(
            cast("Method", method), settings, extractor, picture,
            evaluations=plan.evaluations, seed=seed,
        )  # fmt: skip
        seconds[method] = round(time.perf_counter() - start, 1)
        found[method] = judge(made.picture)
    metrics = {
        metric_of(method, measure): round(value, 5)
        for method, values in found.items()
        for measure, value in values.items()
    }
    result = SeedResult(
        seed=seed,
        metrics={"regularity": round(regularity(picture), 4), **metrics},
        details={"texture": example.name, "seconds": seconds},
        inputs={example.name: example.sha256},
        seconds=round(sum(seconds.values()), 1),
    )
    text = ", ".join(f"{method} {found[method]['autocorrelation']:.3f}" for method in plan.methods)
    return SeedRun(
        result,
        {},
        f"{plan.id} seed {seed}, {example.name}: autocorrelation distance {text}, "
        f"{result.seconds:.0f} s",
    )


def metric_of(method: str, measure: str) -> str:
    """Return the name of a method's measure among the metrics.

    >>> metric_of("gram", "autocorrelation")
    'gram_autocorrelation'
    """
    return f"{method}_{measure}"


def by_kind(record: Record, method: str, measure: str) -> dict[str, list[float]]:
    """Return a method's measure of every example, by the kinds of examples, regular ones last.

    Raises:
        ValueError: the record has no such method or measure.
    """
    from cnnhistory.graphics.texture.measures import kind_of

    values = record.values(metric_of(method, measure))
    kinds = [kind_of(value) for value in record.values("regularity")]
    return {
        kind: [value for value, its in zip(values, kinds, strict=True) if its == kind]
        for kind in ("stochastic", "near-regular", "regular")
    }
