import pytest
import torch

from cnnhistory.data.distort import add_noise, rescale, rotate, shift


def test_shift_by_whole_pixels_is_exact():
    x = torch.randn(2, 1, 8, 8)
    moved = shift(x, right=2, down=-1, background=-0.1)
    torch.testing.assert_close(moved[:, :, :-1, 2:], x[:, :, 1:, :-2], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(moved[:, :, -1], torch.full((2, 1, 8), -0.1))


def test_quarter_turn_equals_rot90():
    x = torch.randn(2, 1, 8, 8)
    turned = rotate(x, 90)
    torch.testing.assert_close(turned, x.rot90(1, (2, 3)), atol=1e-5, rtol=1e-5)


def test_rescale_by_two_spreads_the_center():
    x = torch.zeros(1, 1, 8, 8)
    x[..., 3:5, 3:5] = 1
    grown = rescale(x, 2)
    assert grown.sum() == pytest.approx(4 * 4, rel=0.01)
    assert grown[..., 3:5, 3:5].min() == 1


def test_nothing_to_do_changes_nothing():
    x = torch.randn(1, 1, 9, 9)
    for same in (shift(x, 0, 0), rotate(x, 0), rescale(x, 1), add_noise(x, 0)):
        torch.testing.assert_close(same, x, atol=1e-5, rtol=1e-5)


def test_noise_has_the_std_and_repeats():
    x = torch.zeros(1, 1, 100, 100)
    assert add_noise(x, 0.3, seed=1).std() == pytest.approx(0.3, rel=0.05)
    assert torch.equal(add_noise(x, 0.3, seed=1), add_noise(x, 0.3, seed=1))


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="factor"):
        rescale(torch.zeros(1, 1, 4, 4), 0)
    with pytest.raises(ValueError, match="std"):
        add_noise(torch.zeros(4), -1)
    with pytest.raises(ValueError, match="square"):
        rotate(torch.zeros(1, 1, 4, 5), 10)
    with pytest.raises(ValueError, match="images"):
        shift(torch.zeros(4, 4), 1, 1)
