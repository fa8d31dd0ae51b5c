"""The scattering transform: its definition, what it does not see, and a peer."""

import math

import pytest
import torch
from torch.nn import functional as F

from cnnhistory.nn.scattering.transform import Scattering2d, at_resolution, filtered

SIDE, J, L = 32, 3, 4


@pytest.fixture(scope="module")
def scatter():
    return Scattering2d(SIDE, J, L).double()


def image(seed=0, side=SIDE, margin=0):
    """Return noise, with a black margin around it."""
    torch.manual_seed(seed)
    x = torch.rand(1, 1, side - 2 * margin, side - 2 * margin, dtype=torch.double)
    return F.pad(x, [margin] * 4)


def convolved(x, response):
    return torch.fft.ifft2(torch.fft.fft2(x) * response)


def test_it_is_what_the_equations_say(scatter):
    """All in full resolution, one path at a time; the kept pixels alone are looked at."""
    x = image()
    padded = F.pad(x, [2**J] * 4, mode="reflect")
    psi, phi = scatter.wavelets, scatter.average
    values = []
    for path in scatter.paths:
        u = padded
        for j, t in path:
            u = convolved(u, psi[j, t]).abs()
        values.append(convolved(u, phi).real[..., :: 2**J, :: 2**J][..., 1:-1, 1:-1])
    direct = torch.cat(values, 1)
    found = scatter(x)
    assert found.shape == direct.shape == (1, 1 + J * L + L * L * J * (J - 1) // 2, 4, 4)
    # coarse moduli are computed at fewer pixels, which changes a little
    assert (found - direct).abs().max() < 3e-3
    finest = [n for n, path in enumerate(scatter.paths) if path in ((), ((0, 0),), ((0, 3),))]
    torch.testing.assert_close(found[:, finest], direct[:, finest])


def test_an_even_image_has_only_its_mean(scatter):
    found = scatter(torch.full((1, 1, SIDE, SIDE), 0.7, dtype=torch.double))
    torch.testing.assert_close(found[:, 0], torch.full((1, 4, 4), 0.7).double())
    assert found[:, 1:].abs().max() < 1e-9


def test_a_wave_speaks_to_the_wavelet_of_its_direction():
    right = torch.arange(64.0)
    x = torch.cos(0.75 * math.pi / 2 * right).expand(1, 1, 64, 64)
    scatter = Scattering2d(64, 3, 8, order=1)
    loudest = scatter(x)[0, 1:, 3, 3].argmax()
    assert scatter.paths[1 + int(loudest)] == ((1, 0),)
    loudest = scatter(x.transpose(2, 3))[0, 1:, 3, 3].argmax()
    assert scatter.paths[1 + int(loudest)] == ((1, 4),)
    # of cos the wavelet passes one of two halves, with next to no change of size: 1/2
    assert scatter(x)[0, 1 + 8, 3, 3].item() == pytest.approx(0.5, abs=0.02)


def test_a_shift_of_the_grid_shifts_the_output():
    scatter = Scattering2d(64, 2, L).double()
    x = image(side=64, margin=24)
    moved = scatter(x.roll(4, 3))
    torch.testing.assert_close(moved[..., 1:], scatter(x)[..., :-1], atol=1e-6, rtol=0)


def test_a_shift_below_the_grid_changes_little():
    x = image(side=64, margin=24)
    pixels = (x.roll(1, 3) - x).norm() / x.norm()
    changes = []
    for scales in (1, 2, 3):
        scatter = Scattering2d(64, scales, L).double()
        changes.append(((scatter(x.roll(1, 3)) - scatter(x)).norm() / scatter(x).norm()).item())
    assert pixels > 0.5
    assert changes == sorted(changes, reverse=True)
    assert changes[-1] < 0.2


def test_distances_do_not_grow(scatter):
    """The sum over all filters of |response|^2 is at most 1.02, which is why."""
    psi, phi = scatter.wavelets.flatten(0, 1), scatter.average
    opposite = psi.flip(1, 2).roll((1, 1), (1, 2))
    assert ((psi**2 + opposite**2).sum(0) / 2 + phi**2).max() < 1.02
    for seed in range(5):
        x, y = image(seed), image(seed + 5)
        difference = (scatter(x) - scatter(y)).norm() * 2**J  # every 64th value is kept
        assert difference < 1.02 * (x - y).norm()


def test_channels_are_scattered_alike(scatter):
    x = torch.cat([image(1), image(2)], 1)
    both = scatter(x)
    torch.testing.assert_close(both[:, : len(scatter.paths)], scatter(x[:, :1]))
    torch.testing.assert_close(both[:, len(scatter.paths) :], scatter(x[:, 1:]))


@pytest.mark.parametrize(("order", "outputs"), [(0, 1), (1, 13), (2, 61)])
def test_a_lower_order_is_the_beginning(order, outputs, scatter):
    fewer = Scattering2d(SIDE, J, L, order).double()
    assert len(fewer.paths) == outputs
    assert fewer.paths == scatter.paths[:outputs]
    torch.testing.assert_close(fewer(image()), scatter(image())[:, :outputs])


def test_gradients():
    scatter = Scattering2d(8, 2, 2).double()
    x = image(side=8).requires_grad_()
    assert torch.autograd.gradcheck(scatter, x)


def test_gradient_of_black_is_finite(scatter):
    x = torch.zeros(1, 1, SIDE, SIDE, dtype=torch.double, requires_grad=True)
    scatter(x).sum().backward()
    assert x.grad.isfinite().all()


def test_runs_on_meta_and_keeps_no_weights():
    with torch.device("meta"):
        scatter = Scattering2d(16, 2)
        assert scatter(torch.empty(3, 2, 16, 16)).shape == (3, 2 * 81, 4, 4)
    assert scatter.wavelets.device.type == "meta"
    assert not scatter.state_dict()
    assert not list(scatter.parameters())


def test_sampling_adds_up_what_samples_cannot_tell_apart():
    x = image(side=8)
    response = torch.rand(2, 8, 8, dtype=torch.double)
    found = torch.fft.ifft2(filtered(torch.fft.fft2(x), response, 4))
    direct = torch.stack([convolved(x, one)[..., ::4, ::4] for one in response], 2)
    torch.testing.assert_close(found, direct)


def test_a_coarser_response_is_the_one_of_the_low_frequencies():
    response = torch.arange(16.0).expand(16, 16)
    assert at_resolution(response, 2)[0].tolist() == [0, 1, 14, 15]
    assert at_resolution(response, 0).tolist() == response.tolist()


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"image_size": 30}, "image_size"),
        ({"image_size": 8}, "image_size"),
        ({"image_size": 32.0}, "image_size"),
        ({"image_size": 32, "scales": 0}, "scales"),
        ({"image_size": 32, "angles": 1.5}, "angles"),
        ({"image_size": 32, "order": 3}, "order"),
        ({"image_size": 32, "order": -1}, "order"),
    ],
)
def test_bad_settings_are_refused(settings, name):
    with pytest.raises(ValueError, match=f"^{name}: expected "):
        Scattering2d(**settings)


@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (1, 32, 32), (1, 1, 32, 28), (32, 32)])
def test_images_of_another_size_are_refused(shape, scatter):
    with pytest.raises(ValueError, match=r"^x: expected "):
        scatter(torch.zeros(shape, dtype=torch.double))


@pytest.mark.peer
@pytest.mark.parametrize(("side", "scales", "angles"), [(32, 3, 8), (28, 2, 6)])
def test_equals_kymatio(side, scales, angles):
    # its front door imports what SciPy no longer has; this one is behind it
    frontend = pytest.importorskip("kymatio.scattering2d.frontend.torch_frontend")
    peer = frontend.ScatteringTorch2D(J=scales, shape=(side, side), L=angles)
    ours = Scattering2d(side, scales, angles)
    rounded = 3.1415  # its pi where it normalizes
    ours.wavelets *= math.pi / rounded
    ours.average *= math.pi / rounded
    # its directions go round the other way, and it gives an axis of its own to the paths
    place = {path: n for n, path in enumerate(ours.paths)}
    order = [place[tuple((j, angles - 1 - t) for j, t in path)] for path in ours.paths]
    x = image(side=side).float()
    theirs = peer(x)[:, 0]
    torch.testing.assert_close(ours(x)[:, order], theirs, atol=1e-6, rtol=1e-3)
