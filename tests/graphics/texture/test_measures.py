import math

import pytest
import torch

from cnnhistory.graphics.texture.measures import (
    autocorrelation_distance,
    copied_share,
    kind_of,
    nearest_patches,
    regularity,
    spectrum_distance,
)


def noise(size=(64, 64), seed=0):
    return torch.rand(3, *size, generator=torch.Generator().manual_seed(seed))


def waves(period, size=(64, 64)):
    line = 0.5 + 0.5 * torch.sin(2 * math.pi * torch.arange(size[1]) / period)
    return line.expand(3, *size).contiguous()


def test_the_example_is_at_distance_0_from_itself():
    picture = noise()
    assert spectrum_distance(picture, picture) == 0
    assert autocorrelation_distance(picture, picture) == 0
    assert copied_share(picture, picture) == 1


def test_brightness_and_contrast_do_not_count():
    picture = noise()
    assert spectrum_distance(0.5 * picture + 0.2, picture) == pytest.approx(0, abs=1e-6)
    assert autocorrelation_distance(0.5 * picture + 0.2, picture) == pytest.approx(0, abs=1e-6)


def test_noise_is_nearer_to_noise_of_any_size_than_to_waves():
    like, other = noise((96, 48), seed=1), waves(8)
    assert spectrum_distance(like, noise()) < 0.3 < 1 < spectrum_distance(other, noise())
    assert autocorrelation_distance(like, noise()) < 0.05 < autocorrelation_distance(other, noise())


def test_the_period_shows_in_the_autocorrelation():
    near = autocorrelation_distance(waves(8).roll(3, -1), waves(8))
    assert near < 0.05 < 0.5 < autocorrelation_distance(waves(9), waves(8))


def test_nearest_patches_by_hand():
    example = torch.zeros(3, 4, 4)
    example[:, :2] = 1  # two white rows above two black ones
    distances, typical = nearest_patches(torch.full((3, 2, 2), 0.5), example, patch=2, step=2)
    assert distances.tolist() == pytest.approx([0.25])
    # patches of two rows begin at row 0, 1 or 2: upper pixels 1, 1, 0, lower ones 1, 0, 0
    assert typical == pytest.approx(2 * (2 / 9))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: spectrum_distance(torch.rand(3, 8, 64), noise()), "picture: expected at least 16"),
        (lambda: autocorrelation_distance(noise(), noise((20, 64))), "example: expected at least"),
        (lambda: copied_share(noise((8, 8)), noise()), "picture: expected at least 16"),
        (lambda: copied_share(noise(), noise()[0]), "example: expected"),
        (lambda: copied_share(noise(), noise(), step=0), "step: expected"),
    ],
)
def test_wrong_pictures_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_regular_are_patterns_that_repeat():
    line = torch.arange(48)
    checks = ((line[:, None] // 4 + line // 4) % 2).float().expand(3, 48, 48)
    assert regularity(checks) > 0.95
    noise = torch.rand(3, 48, 48, generator=torch.Generator().manual_seed(0))
    assert regularity(noise) < 0.15
    # between them
    assert 0.3 < regularity(checks + 1.2 * noise) < 0.95


def test_what_only_changes_slowly_is_not_regular():
    slope = torch.linspace(0, 1, 48).expand(3, 48, 48)
    assert regularity(slope) < 0.02
    assert regularity(torch.full((3, 48, 48), 0.5)) == 0
    # a small ripple on a slope is as regular as it is large
    ripple = slope + 0.02 * torch.sin(torch.arange(48) * 2 * torch.pi / 6)
    assert regularity(ripple) < 0.1


def test_kinds_by_regularity():
    assert [kind_of(value) for value in (0, 0.3, 0.75)] == [
        "stochastic", "near-regular", "regular"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="picture: expected at least 16 pixels"):
        regularity(torch.rand(3, 8, 20))
