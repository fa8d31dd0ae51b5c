"""Gram matrices of feature maps, and the loss that compares them: the style of a picture."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cnnhistory._util.checks import check_finite
from cnnhistory._util.lookup import expected


def gram_matrix(maps: Tensor) -> Tensor:
    """Multiply every feature map with every other one, place by place, and add up.

    G_ij = sum over the places k of F_ik F_jk, F the maps of a layer, one in a row. Where in the
    picture two maps are large together is lost: any permutation of the places gives the same G.

    Shape: maps (..., N, H, W), the result (..., N, N).

    Raises:
        ValueError: the maps have fewer than three axes, or there is no map or no place.

    Source: gatys2015texture.

    >>> maps = torch.tensor([[[1.0, 2.0]], [[0.0, 3.0]]])  # two maps of 1 x 2 places
    >>> gram_matrix(maps).tolist()
    [[5.0, 6.0], [6.0, 9.0]]
    """
    if maps.dim() < 3 or maps.numel() == 0:
        raise ValueError(f"maps: expected shape (..., N, H, W), got {tuple(maps.shape)}")
    rows = maps.flatten(-2)
    return rows @ rows.mT


class GramLoss(nn.Module):
    """Compare the Gram matrices of a picture with those of an example, layer by layer.

    E = sum over the layers of w / (4 N^2) * sum over i and j of (G_ij / M - A_ij / M_A)^2: G and A
    are the Gram matrices of picture and example, N is the number of maps and M the number of
    places. For equal sizes, M = M_A, this is the paper's w / (4 N^2 M^2) * sum of (G_ij - A_ij)^2.
    Its gradient with respect to the maps F is w / (N^2 M) * (G / M - A / M_A) F.

    `example` are the feature maps of the example, a tensor for each layer, `weights` the w of each
    layer, 1 for all if there are none.

    Shape: each layer (N, H, W), or (B, N, H, W) with B pictures, whose losses are averaged; an
    example with B pictures gives one target for each. The loss is a scalar >= 0.

    Raises:
        ValueError: there is no layer, a layer has another number of maps than the example's, or
            there is not one finite weight for each.

    Source: gatys2015texture; gatys2016image for the weights.

    Deviations: a picture may have another size than its example.

    >>> example = torch.tensor([[[1.0, 2.0]], [[0.0, 3.0]]])
    >>> loss = GramLoss([example])
    >>> loss([example.flip(-1)]).item()
    0.0
    >>> loss([torch.zeros_like(example)]).item()  # (5^2 + 6^2 + 6^2 + 9^2) / (4 * 2^2 * 2^2)
    2.78125
    """

    def __init__(self, example: Sequence[Tensor], weights: Sequence[float] | None = None) -> None:
        super().__init__()
        if not example:
            raise expected("example", "the maps of at least one layer", example)
        self.weights = [1.0] * len(example) if weights is None else list(weights)
        if len(self.weights) != len(example):
            raise expected("weights", f"{len(example)}, one for each layer", self.weights)
        for weight in self.weights:
            check_finite("weights", weight)
        for index, maps in enumerate(example):
            self.register_buffer(f"target{index}", self.share(maps).detach())

    @staticmethod
    def share(maps: Tensor) -> Tensor:
        """Return the Gram matrix for one place: G / M, which does not grow with the picture."""
        return gram_matrix(maps) / (maps.shape[-2] * maps.shape[-1])

    def forward(self, picture: Sequence[Tensor]) -> Tensor:
        """Return the weighted sum of the layers."""
        if len(picture) != len(self.weights):
            raise ValueError(f"picture: expected {len(self.weights)} layers, got {len(picture)}")
        losses = []
        for index, (maps, weight) in enumerate(zip(picture, self.weights, strict=True)):
            found, target = self.share(maps), self.get_buffer(f"target{index}")
            if found.shape[-1] != target.shape[-1]:
                raise ValueError(
                    f"picture: expected {target.shape[-1]} maps in layer {index}, "
                    f"got {found.shape[-1]}"
                )
            far = (found - target).square().mean((-2, -1)) / 4  # the mean divides by N^2
            losses.append(weight * far.mean())
        return torch.stack(losses).sum()

    def extra_repr(self) -> str:
        """Show the weights."""
        return f"weights={self.weights}"
