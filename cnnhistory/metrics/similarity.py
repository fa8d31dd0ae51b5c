"""How alike two representations of the same things are, whatever their numbers mean."""

from __future__ import annotations

import torch
from scipy.stats import spearmanr
from torch import Tensor

from cnnhistory._util.lookup import expected


def dissimilarities(features: Tensor) -> Tensor:
    """Return how different each pair of things is to a representation.

    D_ij = 1 - r_ij, r the correlation (Pearson's) of the features of thing i with those of thing
    j: the representational dissimilarity matrix. It has no axes of features any more, so that
    matrices of two layers, of two networks, or of a network and a brain can be compared.

    Shape: (things, features) or, of maps, (things, C, H, W); result (things, things), in double
    precision.

    Units: from 0, the same pattern, over 1, unrelated, to 2, the opposite.

    Raises:
        ValueError: fewer than two things or features, or all features of a thing are alike, or
            one is not finite.

    Source: kriegeskorte2008representational.

    >>> dissimilarities(torch.tensor([[1.0, 2, 3], [2, 4, 6], [3, 2, 1]]))[0].round().tolist()
    [0.0, 0.0, 2.0]
    """
    if features.dim() < 2 or len(features) < 2 or features[0].numel() < 2:
        raise expected("features", "two things and two features at least", tuple(features.shape))
    x = features.flatten(1).double()
    if not x.isfinite().all():
        raise expected("features", "finite numbers", "NaN or infinity")
    x = x - x.mean(1, keepdim=True)
    length = x.norm(dim=1, keepdim=True)
    silent = (length == 0).flatten().nonzero().flatten()
    if len(silent):
        raise expected("features", "some that differ", f"all alike for thing {silent[0]}")
    x = x / length
    matrix = (1 - x @ x.T).clamp(0, 2)
    return matrix.fill_diagonal_(0)


def representational_similarity(a: Tensor, b: Tensor) -> float:
    """Return how far two representations agree on which things are alike.

    The rank correlation (Spearman's) of the dissimilarities of all pairs, each pair once.

    Shape: a and b (things, things), as of `dissimilarities`, of the same things in the same order.

    Units: 1 if both put the pairs in the same order, 0 if they have nothing in common.

    Raises:
        ValueError: not two square matrices of one size, of three things at least, or one in which
            all pairs are alike.

    Source: kriegeskorte2008representational.

    >>> a = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])
    >>> round(representational_similarity(a, a**2), 6), round(representational_similarity(a, -a), 6)
    (1.0, -1.0)
    """
    for name, matrix in (("a", a), ("b", b)):
        if matrix.dim() != 2 or len(matrix) != matrix.shape[1] or len(matrix) < 3:
            raise expected(name, "a square matrix of 3 things at least", tuple(matrix.shape))
    if a.shape != b.shape:
        raise expected("b", f"as many things as in a, {len(a)}", len(b))
    above = torch.triu_indices(len(a), len(a), offset=1)
    pairs = a[above[0], above[1]], b[above[0], above[1]]
    for name, values in zip("ab", pairs, strict=True):
        if not (values != values[0]).any():
            raise expected(name, "pairs that differ", f"{values[0].item():g} for all")
    return float(spearmanr(*(values.double().numpy() for values in pairs)).statistic)
