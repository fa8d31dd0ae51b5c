"""Fitting Gabor functions: one is found again, noise is not one."""

import math

import pytest
import torch

from cnnhistory.visualize.gabor import fit_gabor, main_pattern


def gabor(side, frequency, angle, sigma, across, phase, x=0.0, y=0.0):
    place = torch.arange(side, dtype=torch.double) - (side - 1) / 2
    right, down, turn = place[None] - x, place[:, None] - y, math.radians(angle)
    a = right * math.cos(turn) - down * math.sin(turn)
    b = right * math.sin(turn) + down * math.cos(turn)
    wave = torch.cos(2 * math.pi * frequency * a + math.radians(phase))
    return torch.exp(-((a / sigma) ** 2 + (b / across) ** 2) / 2) * wave


@pytest.mark.parametrize(
    ("frequency", "angle", "phase"), [(0.2, 30, 20), (0.15, 90, 90), (0.3, 135, 0), (0.25, 0, -60)]
)
def test_a_gabor_function_is_found_again(frequency, angle, phase):
    kernel = 0.3 * gabor(11, frequency, angle, 2.0, 2.5, phase, x=0.4, y=-0.7)
    found = fit_gabor(kernel.float())
    assert found.explained > 0.999
    assert found.frequency == pytest.approx(frequency, abs=0.005)
    assert abs((found.angle - angle + 90) % 180 - 90) < 1
    assert found.sigma == pytest.approx(2.0, abs=0.05)
    assert found.across == pytest.approx(2.5, abs=0.05)
    assert abs(abs(found.phase) - abs(phase)) < 2  # the wave may run the other way
    torch.testing.assert_close(found.fitted, kernel, atol=0.01, rtol=0)


def test_part_of_the_energy():
    """A Gabor function and something orthogonal to it, of a fifth of all energy."""
    torch.manual_seed(0)
    kernel = gabor(11, 0.2, 45, 2.0, 2.0, 0)
    noise = torch.randn(11, 11, dtype=torch.double)
    noise -= (noise * kernel).sum() / kernel.square().sum() * kernel
    noise *= kernel.norm() / noise.norm() / 2
    assert fit_gabor(kernel + noise).explained == pytest.approx(0.8, abs=0.06)


def test_noise_is_no_gabor_function():
    torch.manual_seed(0)
    shares = [fit_gabor(torch.randn(9, 9)).explained for _ in range(3)]
    assert max(shares) < 0.6
    assert min(shares) > 0


def test_size_and_sign_do_not_matter():
    torch.manual_seed(1)
    kernel = gabor(7, 0.2, 60, 1.5, 2.0, 30) + 0.3 * torch.randn(7, 7)
    one, other = fit_gabor(kernel), fit_gabor(-5 * kernel)
    assert one.explained == pytest.approx(other.explained, abs=0.01)


def test_pattern_of_a_color_filter():
    pattern, color = torch.tensor([[1.0, -2], [0, 3]]), torch.tensor([0.5, -1, 0.25])
    filters = (color[:, None, None] * pattern)[None]
    found = main_pattern(filters)[0]
    length = color.norm().double()
    torch.testing.assert_close(found, -pattern.double() * length)  # the second part is largest
    torch.testing.assert_close(main_pattern(pattern[None, None])[0], pattern.double())


@pytest.mark.parametrize(
    "kernel",
    [torch.ones(3, 3), torch.ones(5), torch.zeros(5, 5), torch.full((5, 5), math.nan)],
)
def test_bad_kernels_are_refused(kernel):
    with pytest.raises(ValueError, match=r"^kernel: expected "):
        fit_gabor(kernel)


def test_bad_filters_are_refused():
    with pytest.raises(ValueError, match=r"^filters: expected "):
        main_pattern(torch.ones(3, 3, 3))
