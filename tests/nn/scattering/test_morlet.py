"""Wavelets: their values in numbers that can be worked out by hand."""

import math

import pytest
import torch

from cnnhistory.nn.scattering.morlet import gabor, low_pass, morlet


def test_gabor_in_numbers():
    # sigma = 2, slant = 1/2: the height is 1/2 / (2 pi 4); two pixels along the wave are one
    # sigma and a phase of 2 * pi/4, four pixels across are one sigma as well
    wave = gabor(64, sigma=2.0, frequency=math.pi / 4, angle=0.0, slant=0.5)
    height = 1 / (16 * math.pi)
    assert wave[0, 0].real.item() == pytest.approx(height)
    assert wave[0, 2].imag.item() == pytest.approx(height * math.exp(-0.5))
    assert wave[0, 2].real.item() == pytest.approx(0, abs=1e-12)
    assert wave[4, 0].real.item() == pytest.approx(height * math.exp(-0.5))


def test_an_angle_turns_counterclockwise():
    up = gabor(32, sigma=2.0, frequency=0.5, angle=math.pi / 2)
    assert up[-3, 0].angle().item() == pytest.approx(1.5)  # three rows higher
    assert up[0, 3].angle().item() == pytest.approx(0, abs=1e-9)
    aslant = gabor(32, sigma=2.0, frequency=0.5, angle=math.pi / 4)
    assert aslant[-1, 1].angle().item() == pytest.approx(0.5 * math.sqrt(2))


def test_response_is_a_gaussian_less_another():
    # along its direction g multiplies w by exp(-s^2 (w - f)^2 / 2), |g| by exp(-s^2 w^2 / 2);
    # beta is the first at w = 0
    sigma, frequency = 2.0, 2 * math.pi * 12 / 64
    found = morlet(64, sigma, frequency, angle=0.0, slant=0.5)
    beta = math.exp(-((sigma * frequency) ** 2) / 2)
    for k in (0, 6, 12, 20):
        w = 2 * math.pi * k / 64
        hand = math.exp(-((sigma * (w - frequency)) ** 2) / 2)
        hand -= beta * math.exp(-((sigma * w) ** 2) / 2)
        assert found[0, k].item() == pytest.approx(hand, abs=1e-9)
    assert found[0, 12].item() > 0.99
    assert found[0, -12].abs().item() < 0.01  # the opposite direction does not pass


def test_across_the_slant_divides_sigma():
    found = morlet(64, sigma=2.0, frequency=math.pi / 4, angle=0.0, slant=0.5)
    w = 2 * math.pi * 3 / 64
    assert (found[3, 8] / found[0, 8]).item() == pytest.approx(math.exp(-((4 * w) ** 2) / 2), 1e-6)


def test_low_pass_is_a_gaussian():
    found = low_pass(64, sigma=2.0)
    w = 2 * math.pi * 5 / 64
    assert found[0, 0].item() == pytest.approx(1)
    assert found[3, 4].item() == pytest.approx(math.exp(-2 * w * w))


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"side": 0, "sigma": 1.0}, "side"),
        ({"side": 8, "sigma": 0.0}, "sigma"),
        ({"side": 8, "sigma": math.nan}, "sigma"),
        ({"side": 8, "sigma": 1.0, "slant": -1.0}, "slant"),
        ({"side": 8, "sigma": 1.0, "frequency": math.inf}, "frequency"),
        ({"side": 8, "sigma": 1.0, "angle": math.nan}, "angle"),
    ],
)
def test_bad_settings_are_refused(settings, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        gabor(**settings)


def test_nothing_else_is_left():
    assert torch.equal(gabor(8, 1.0).imag, torch.zeros(8, 8, dtype=torch.double))
