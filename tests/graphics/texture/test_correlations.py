import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from cnnhistory.graphics.texture.correlations import (
    autocorrelation,
    diversity,
    half_reach,
    smoothness,
    structure_loss,
)


def test_autocorrelation_by_hand():
    maps = torch.tensor([[1.0, 2, 3]])
    # shifts of -1 and 1: (1 * 2 + 2 * 3) / 2; none: (1 + 4 + 9) / 3
    torch.testing.assert_close(autocorrelation(maps, (0, 1)), torch.tensor([[4, 14 / 3, 4]]))


@pytest.mark.parametrize("reach", [(0, 0), (3, 2), (6, 8)])
def test_autocorrelation_is_scipys(reach):
    maps = torch.randn(2, 7, 9, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    ours = autocorrelation(maps, reach)
    for one, found in zip(maps.numpy(), ours.numpy(), strict=True):
        full = correlate2d(one, one)
        overlap = correlate2d(np.ones((7, 9)), np.ones((7, 9)))
        wanted = (full / overlap)[6 - reach[0] : 7 + reach[0], 8 - reach[1] : 9 + reach[1]]
        np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_a_regular_structure_has_peaks_at_its_period():
    maps = torch.zeros(1, 1, 12, 12)
    maps[..., ::4, ::3] = 1
    found = autocorrelation(maps, half_reach(maps))[0, 0]
    middle = found[6, 6]
    assert found[6 + 4, 6 + 3] == pytest.approx(middle.item(), rel=0.2)
    assert found[6 + 2, 6].abs() < 1e-6


def test_structure_is_0_for_the_example_and_sees_what_a_shuffle_changes():
    maps = torch.zeros(1, 2, 12, 12)
    maps[..., ::4, :] = 1
    target = autocorrelation(maps, half_reach(maps))
    assert structure_loss(maps, target) < 1e-10
    shuffled = maps.flatten(-2)[..., torch.randperm(144)].view_as(maps)
    assert structure_loss(shuffled, target) > 0.01
    with pytest.raises(ValueError, match="maps: expected 2 channels, got 3"):
        structure_loss(torch.zeros(1, 3, 12, 12), target)
    with pytest.raises(ValueError, match="reach: expected"):
        structure_loss(torch.zeros(1, 2, 6, 12), target)


def test_structure_has_the_right_gradient():
    maps = torch.randn(1, 2, 5, 6, dtype=torch.double, requires_grad=True)
    target = autocorrelation(torch.randn(1, 2, 5, 6, dtype=torch.double), (2, 3))
    assert torch.autograd.gradcheck(lambda x: structure_loss(x, target), maps)
    assert torch.autograd.gradcheck(smoothness, maps)


def test_smoothness_by_hand():
    assert smoothness(torch.full((1, 3, 4, 4), 0.3)).item() == pytest.approx(0, abs=1e-7)
    picture = torch.zeros(1, 1, 3, 3)
    picture[..., 1, 1] = 0.5  # all eight neighbors differ by 0.5
    assert smoothness(picture).item() == pytest.approx(-0.25)
    # one equal neighbor: 1/100 log((1 + 7 exp(-25)) / 8)
    picture[..., 0, 0] = 0.5
    assert smoothness(picture).item() == pytest.approx(np.log(1 / 8) / 100, rel=1e-5)


def test_diversity_is_0_for_a_copy():
    maps = torch.ones(1, 2, 3, 3)
    assert diversity(maps, maps) == 0
    assert diversity(3 * maps, maps) == 4
    with pytest.raises(ValueError, match="maps: expected"):
        diversity(maps, torch.ones(1, 2, 3, 4))
