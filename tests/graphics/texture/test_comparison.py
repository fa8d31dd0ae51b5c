import pytest
import torch

from cnnhistory.graphics.texture.comparison import METHODS, Judge, make
from cnnhistory.graphics.texture.features import RandomFilters
from cnnhistory.graphics.texture.synthesis import white_noise

EXTRACTOR = RandomFilters(maps=6, sizes=(3, 7))
SETTINGS = {
    "quilting": {"patch": 16},
    "random": {"maps": 6, "sizes": [3, 7]},
    "gram": {},
    "correlations": {"layer": 1, "structure": 10.0},
}


@pytest.fixture(scope="module")
def stripes():
    line = (torch.arange(40) % 8 < 4).float()
    return (0.2 + 0.6 * line).expand(3, 40, 40).contiguous()


def test_every_method_makes_a_texture_nearer_than_noise(stripes):
    judge = Judge(EXTRACTOR, stripes)
    noise = judge(white_noise((40, 40)))
    for method in METHODS:
        made = make(method, SETTINGS[method], EXTRACTOR, stripes, evaluations=15)
        assert made.picture.shape == (3, 40, 40)
        found = judge(made.picture)
        assert found["gram"] < 0.5 * noise["gram"]
        assert found["held_out"] < noise["held_out"]
        assert bool(made.energies) == (method != "quilting")


def test_a_copy_has_no_distance_and_is_all_copied(stripes):
    found = Judge(EXTRACTOR, stripes)(stripes)
    assert found.pop("copied") == 1
    assert found == {name: pytest.approx(0, abs=1e-5) for name in found}


def test_patches_are_looked_for_in_both_directions(stripes):
    """All of a plain gray picture may be near something there; what is there is not all here."""
    half = stripes.clone()
    half[..., 20:] = 0.5
    plain = torch.full_like(half, 0.5)
    judge = Judge(EXTRACTOR, half)
    from cnnhistory.graphics.texture.measures import nearest_patches

    there, _ = nearest_patches(plain, half)
    here, _ = nearest_patches(half, plain)
    assert there.max() < 1e-6
    assert here.mean() > 0.01
    assert judge(plain)["patches"] > 0.05


def test_what_is_no_method_is_refused(stripes):
    with pytest.raises(ValueError, match="method: expected one of quilting, random, gram"):
        make("copying", {}, EXTRACTOR, stripes)
