import math

import pytest
import torch

from cnnhistory.visualize.filters import aliased_share, mean_frequency


def wave(period, size=64, vertical=True):
    line = torch.cos(2 * math.pi * torch.arange(size) / period)
    image = line.expand(size, size)
    return (image if vertical else image.T)[None, None]


PIXEL = torch.ones(1, 1, 1, 1)


@pytest.mark.parametrize("vertical", [True, False])
@pytest.mark.parametrize(
    ("period", "stride", "share"), [(16, 4, 0), (6, 4, 1), (6, 2, 0), (3, 2, 1), (3, 1, 0)]
)
def test_a_wave_is_aliased_if_its_period_is_below_two_strides(period, stride, share, vertical):
    found = aliased_share(PIXEL, wave(period, vertical=vertical), stride)
    assert found.item() == pytest.approx(share, abs=0.01)


def test_samples_of_an_aliased_wave_are_those_of_a_slower_one():
    """Why it matters: every fourth value of period 3 looks like period 12."""
    fast, slow = wave(3)[0, 0, 0, ::4], wave(12)[0, 0, 0, ::4]
    torch.testing.assert_close(fast, slow, atol=1e-5, rtol=0)


def test_a_filter_that_blurs_saves_from_aliasing():
    torch.manual_seed(0)
    noise = torch.randn(4, 1, 64, 64)
    blur = torch.ones(1, 1, 8, 8) / 64
    edge = torch.tensor([[[[1.0, -1.0]]]])
    shares = [aliased_share(f, noise, 4).item() for f in (blur, PIXEL, edge)]
    # white noise: the quarter of the area that lies below the limit along both axes is 1/16
    assert shares[1] == pytest.approx(15 / 16, abs=0.02)
    assert shares[0] < 0.5 < shares[1] < shares[2]


def test_two_waves_share_by_energy():
    image = wave(16) + 2 * wave(5)  # energies 1 to 4
    assert aliased_share(PIXEL, image, 4).item() == pytest.approx(0.8, abs=0.01)


def test_filters_over_channels_and_several_of_them():
    images = torch.cat([wave(16), wave(4)], dim=1)
    filters = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]).view(3, 2, 1, 1)
    torch.testing.assert_close(
        aliased_share(filters, images, 4), torch.tensor([0.0, 1.0, 0.0]), atol=0.01, rtol=0
    )


def test_mean_frequency_of_waves_and_of_a_color():
    filters = torch.cat([wave(4, 32), wave(8, 32), torch.ones(1, 1, 32, 32)])
    torch.testing.assert_close(
        mean_frequency(filters), torch.tensor([0.25, 0.125, 0.0]), atol=0.04, rtol=0
    )


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="stride: expected at least 1, got 0"):
        aliased_share(PIXEL, wave(4), 0)
    with pytest.raises(ValueError, match="images: expected at least 65x65 pixels, got 64x64"):
        aliased_share(torch.ones(1, 1, 65, 65), wave(4), 2)
