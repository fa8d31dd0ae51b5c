"""Representational similarity: by hand, by NumPy, and what leaves it as it is."""

import numpy as np
import pytest
import torch

from cnnhistory.metrics.similarity import dissimilarities, representational_similarity


def test_three_things_by_hand():
    # less their means: (-1, 0, 1), (-1, 1, 0), (1, 1, -2); correlations 1/2, -3 / sqrt(12), 0
    things = torch.tensor([[1.0, 2, 3], [0.0, 2, 1], [2.0, 2, -1]])
    found = dissimilarities(things)
    assert found[0, 1].item() == pytest.approx(1 - 1 / 2)
    assert found[0, 2].item() == pytest.approx(1 + 3 / 12**0.5)
    assert found[1, 2].item() == pytest.approx(1)
    assert found.diagonal().tolist() == [0, 0, 0]
    assert torch.equal(found, found.T)


def test_equals_numpy():
    torch.manual_seed(0)
    maps = torch.rand(7, 3, 4, 5)
    direct = 1 - np.corrcoef(maps.flatten(1).numpy())
    np.testing.assert_allclose(dissimilarities(maps).numpy(), direct, atol=1e-6)


def test_ranks_by_hand():
    # pairs (0,1), (0,2), (1,2): ranks 1 2 3 against 1 3 2: 1 - 6 * 2 / (3 * 8) = 1/2
    a = torch.tensor([[0.0, 1, 2], [1, 0, 3], [2, 3, 0]])
    b = torch.tensor([[0.0, 10, 30], [10, 0, 20], [30, 20, 0]])
    assert representational_similarity(a, b) == pytest.approx(0.5)


def test_axes_size_and_offset_of_features_do_not_matter():
    torch.manual_seed(0)
    x = torch.randn(12, 6, dtype=torch.double)
    a = dissimilarities(x)
    torch.testing.assert_close(dissimilarities(3 * x + 2), a)
    torch.testing.assert_close(dissimilarities(x[:, torch.randperm(6)]), a)
    assert representational_similarity(a, dissimilarities(x[:, :3].repeat(1, 2))) < 1
    other = dissimilarities(torch.randn(12, 6))
    assert abs(representational_similarity(a, other)) < 0.4


@pytest.mark.parametrize(
    "features",
    [
        torch.rand(3),
        torch.rand(1, 5),
        torch.rand(5, 1),
        torch.ones(3, 4),
        torch.tensor([[1.0, 2], [1, torch.nan]]),
    ],
)
def test_bad_features_are_refused(features):
    with pytest.raises(ValueError, match=r"^features: expected "):
        dissimilarities(features)


@pytest.mark.parametrize(
    ("a", "b", "name"),
    [
        (torch.rand(3, 4), torch.rand(3, 4), "a"),
        (torch.rand(2, 2), torch.rand(2, 2), "a"),
        (torch.rand(3, 3), torch.rand(3), "b"),
        (torch.rand(3, 3), torch.rand(4, 4), "b"),
        (torch.rand(3, 3), torch.ones(3, 3), "b"),
    ],
)
def test_bad_matrices_are_refused(a, b, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        representational_similarity(a, b)
