"""The methods side by side: one way to make a texture by each, one set of measures for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from cnnhistory._util.lookup import check_one_of
from cnnhistory.graphics.texture.energies import DeepCorrelations, GramEnergy
from cnnhistory.graphics.texture.features import Extractor, RandomFilters
from cnnhistory.graphics.texture.measures import (
    autocorrelation_distance,
    copied_share,
    nearest_patches,
    spectrum_distance,
)
from cnnhistory.graphics.texture.quilting import quilt
from cnnhistory.graphics.texture.synthesis import Synthesis, synthesize

Method = Literal["quilting", "random", "gram", "correlations"]
METHODS: tuple[Method, ...] = get_args(Method)


def make(
    method: Method,
    settings: Mapping[str, Any],
    extractor: Extractor,
    example: Tensor,
    *,
    evaluations: int = 150,
    seed: int = 0,
) -> Synthesis:
    """Make a texture of the size of its example by one of four methods.

    "quilting" is image quilting, "random" the descent of Gram matrices of random filters, "gram"
    that of the extractor's, "correlations" that of deep correlations on it. `settings` go to
    `quilt`, `RandomFilters`, nothing, and `DeepCorrelations`. A quilt has no energies.

    Shape: example (3, H, W) with values from 0 to 1.

    Raises:
        ValueError: there is no such method, or a setting is out of range.
    """
    check_one_of("method", method, METHODS)
    size = (example.shape[1], example.shape[2])
    if method == "quilting":
        return Synthesis(quilt(example, size, seed=seed, **settings), [])
    if method == "random":
        energy: Any = GramEnergy(RandomFilters(**settings), example)
    elif method == "gram":
        energy = GramEnergy(extractor, example, **settings)
    else:
        energy = DeepCorrelations(extractor, example, **settings)
    return synthesize(energy, size, evaluations=evaluations, seed=seed)


class Judge:
    """All measures of how far a picture is from one example; smaller is nearer, 0 is a copy.

    - gram: `GramEnergy` of the extractor;
    - held_out: the same of random filters that no method uses;
    - spectrum, autocorrelation: see `measures`;
    - patches: the mean squared distance of the picture's patches to their nearest ones in the
      example and that of the example's to theirs in the picture, averaged, over the mean squared
      distance of two patches of the example: whether all is like something there, and all there
      is here;
    - copied: the share of patches that are in the example as they are, which a good result has no
      need of.

    Shape: example and pictures (3, H, W) with sides of at least 40, values from 0 to 1.

    Raises:
        ValueError: the example is not a picture, or too small.
    """

    HELD_OUT = 1_000_000  # the seed of the random filters that no method uses

    def __init__(self, extractor: Extractor, example: Tensor) -> None:
        self.example = example
        self.gram = GramEnergy(extractor, example)
        filters = RandomFilters(24, (3, 7, 11, 19, 27, 39), seed=self.HELD_OUT)
        self.held_out = GramEnergy(filters, example)

    def __call__(self, picture: Tensor) -> dict[str, float]:
        """Return the measures of a picture by name."""
        example = self.example
        with torch.no_grad():
            gram, held_out = float(self.gram(picture[None])), float(self.held_out(picture[None]))
        there, typical = nearest_patches(picture, example)
        here, _ = nearest_patches(example, picture)
        return {
            "gram": gram,
            "held_out": held_out,
            "spectrum": spectrum_distance(picture, example),
            "autocorrelation": autocorrelation_distance(picture, example),
            "patches": float(there.mean() + here.mean()) / 2 / max(typical, 1e-12),
            "copied": copied_share(picture, example),
        }
