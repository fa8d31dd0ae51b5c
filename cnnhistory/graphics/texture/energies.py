"""What a picture is changed to lower: how far its statistics are from an example's."""

from __future__ import annotations

import torch
from torch import Tensor

from cnnhistory.graphics.texture.checks import check_picture
from cnnhistory.graphics.texture.correlations import (
    autocorrelation,
    diversity,
    half_reach,
    smoothness,
    structure_loss,
)
from cnnhistory.graphics.texture.features import Extractor
from cnnhistory.nn.losses.gram_loss import GramLoss


class GramEnergy:
    """How far the Gram matrices of a picture are from an example's, layer by layer.

    Each layer counts relative to its own target: E = mean over the layers of
    sum((G - A)^2) / sum(A^2), G and A the Gram matrices for one place. So a picture without
    features has the energy 1, and the example itself 0.

    Shape: `example` (3, H, W) with values from 0 to 1; pictures (1, 3, H', W').

    Raises:
        ValueError: the example is not a picture.

    Source: gatys2015texture, Section 3.

    Deviations: layers are weighted by their targets; the paper has the same weight for all, behind
        a network whose maps all have a mean of 1.
    """

    def __init__(self, extractor: Extractor, example: Tensor) -> None:
        check_picture("example", example)
        self.extractor = extractor
        with torch.no_grad():
            maps = [layer.detach() for layer in extractor(example[None])]
        # GramLoss has 1 / (4 N^2) of the sum of squares
        squares = [GramLoss.share(layer).square().sum().clamp(min=1e-12) for layer in maps]
        weights = [
            float(4 * layer.shape[-3] ** 2 / square) / len(maps)
            for layer, square in zip(maps, squares, strict=True)
        ]
        self.loss = GramLoss(maps, weights)

    def __call__(self, picture: Tensor) -> Tensor:
        """Return the energy of a picture."""
        return self.loss(self.extractor(picture))


class DeepCorrelations:
    """Gram matrices, autocorrelations of the maps, diversity and smoothness, weighted.

    E = gram * E_Gram + structure * E_structure - diverse * E_diversity + smooth * E_smoothness, the
    last being how far each pixel is from the most alike of its neighbors. Diversity is left out
    where the picture has another size than the example.

    Shape: as `GramEnergy`; `layer` is the extracted layer whose maps are correlated.

    Raises:
        ValueError: the example is not a picture.

    Source: sendik2017deep, Section 4.

    Deviations: every term is relative to the example's (see the functions), so the weights are not
        the paper's; one layer is correlated.
    """

    def __init__(
        self,
        extractor: Extractor,
        example: Tensor,
        *,
        layer: int = 2,
        gram: float = 1.0,
        structure: float = 1.0,
        diverse: float = 0.0,
        smooth: float = 0.0,
    ) -> None:
        self.grams = GramEnergy(extractor, example)
        self.extractor, self.layer = extractor, layer
        self.weights = {"gram": gram, "structure": structure, "diverse": diverse, "smooth": smooth}
        with torch.no_grad():
            self.maps = extractor(example[None])[layer].detach()
        self.target = autocorrelation(self.maps, half_reach(self.maps))

    def terms(self, picture: Tensor) -> dict[str, Tensor]:
        """Return the four terms without their weights and signs."""
        maps = self.extractor(picture)
        chosen = maps[self.layer]
        same = chosen.shape == self.maps.shape
        return {
            "gram": self.grams.loss(maps),
            "structure": structure_loss(chosen, self.target),
            "diverse": -diversity(chosen, self.maps) if same else chosen.new_zeros(()),
            "smooth": -smoothness(picture),
        }

    def __call__(self, picture: Tensor) -> Tensor:
        """Return the energy of a picture."""
        terms = self.terms(picture)
        return torch.stack([self.weights[name] * value for name, value in terms.items()]).sum()
