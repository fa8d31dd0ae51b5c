import itertools

import numpy as np
import pytest
import torch

from cnnhistory.graphics.texture.measures import copied_share
from cnnhistory.graphics.texture.quilting import cheapest_cut, quilt


def test_the_cut_is_the_cheapest_of_all_paths():
    costs = np.random.default_rng(0).uniform(size=(5, 4))
    paths = [
        p for p in itertools.product(range(4), repeat=5)
        if all(abs(a - b) <= 1 for a, b in itertools.pairwise(p))
    ]  # fmt: skip
    best = min(paths, key=lambda p: sum(costs[i, j] for i, j in enumerate(p)))
    assert tuple(cheapest_cut(costs)) == best


def test_a_cut_by_hand():
    assert cheapest_cut([[5.0, 1, 5], [5, 5, 1], [5, 1, 5]]).tolist() == [1, 2, 1]
    assert cheapest_cut([[2.0], [3]]).tolist() == [0, 0]
    with pytest.raises(ValueError, match="costs: expected"):
        cheapest_cut(np.zeros((0, 3)))


@pytest.mark.parametrize("size", [(40, 40), (33, 57), (16, 16), (5, 7)])
def test_every_pixel_is_one_of_the_example(size):
    torch.manual_seed(0)
    example = torch.rand(3, 30, 34)
    made = quilt(example, size, patch=12)
    assert made.shape == (3, *size)
    colors = {tuple(c) for c in example.flatten(1).T.tolist()}
    assert {tuple(c) for c in made.flatten(1).T.tolist()} <= colors


def test_a_periodic_texture_is_continued_without_a_seam():
    rows = torch.arange(32)
    stripes = ((rows // 4) % 2).float()[None, None].expand(3, 32, 32).contiguous()
    made = quilt(stripes, (50, 70), patch=16, tolerance=0.0)
    assert made.std(1).abs().max() == 0  # still stripes
    line = made[0, 0]
    assert all((line[k] == line[k + 8]) for k in range(62))


def test_a_quilt_is_copied_and_repeats_by_its_seed():
    torch.manual_seed(1)
    example = torch.rand(3, 48, 48)
    one, again, other = (quilt(example, (64, 64), patch=24, seed=s) for s in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert copied_share(one, example, patch=8, step=4) > 0.3
    assert copied_share(torch.rand(3, 64, 64), example, patch=8, step=4) == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patch": 60}, "patch: expected"),
        ({"overlap": 9, "patch": 16}, "overlap: expected"),
        ({"tolerance": -1.0}, "tolerance: expected at least 0"),
    ],
)
def test_wrong_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        quilt(torch.rand(3, 40, 40), (64, 64), **settings)


def test_wrong_pictures_are_refused():
    with pytest.raises(ValueError, match="example: expected"):
        quilt(torch.rand(1, 40, 40), (64, 64))
    with pytest.raises(ValueError, match="example: expected finite"):
        quilt(torch.full((3, 40, 40), float("nan")), (64, 64))
