import pytest
import torch

from cnnhistory.graphics.texture.energies import DeepCorrelations, GramEnergy
from cnnhistory.graphics.texture.features import RandomFilters
from cnnhistory.graphics.texture.synthesis import synthesize, white_noise

EXTRACTOR = RandomFilters(maps=8, sizes=(3, 7))


@pytest.fixture(scope="module")
def stripes():
    line = (torch.arange(24) % 6 < 3).float()
    return (0.2 + 0.6 * line).expand(3, 24, 24).contiguous()


def test_the_example_has_the_energy_0_and_no_features_1(stripes):
    energy = GramEnergy(EXTRACTOR, stripes)
    assert energy(stripes[None]).item() == pytest.approx(0, abs=1e-9)
    assert energy(torch.full((1, 3, 24, 24), 0.5)).item() == pytest.approx(1, abs=1e-5)


def test_the_gram_energy_does_not_see_where_things_are(stripes):
    energy = GramEnergy(EXTRACTOR, stripes)  # circular filters: a shift permutes the places
    assert energy(stripes.roll((2, 5), (1, 2))[None]).item() == pytest.approx(0, abs=1e-9)


def test_descent_from_white_noise_lowers_the_energy(stripes):
    energy = GramEnergy(EXTRACTOR, stripes)
    made = synthesize(energy, (24, 24), evaluations=40)
    assert made.energies[0] == pytest.approx(energy(white_noise((24, 24))[None]).item())
    assert made.energies[-1] < 0.05 * made.energies[0]
    assert len(made.energies) <= 41
    assert made.picture.shape == (3, 24, 24)
    assert 0 <= made.picture.min() <= made.picture.max() <= 1
    again = synthesize(energy, (24, 24), evaluations=40)
    assert torch.equal(made.picture, again.picture)


@pytest.mark.parametrize("size", [(24, 40), (16, 17)])
def test_other_sizes_than_the_examples(stripes, size):
    made = synthesize(GramEnergy(EXTRACTOR, stripes), size, evaluations=15)
    assert made.picture.shape == (3, *size)
    assert made.energies[-1] < made.energies[0]


def test_four_terms(stripes):
    energy = DeepCorrelations(
        EXTRACTOR, stripes, layer=1, gram=2.0, structure=3.0, diverse=0.5, smooth=0.1
    )
    copy = {name: value.item() for name, value in energy.terms(stripes[None]).items()}
    assert copy["gram"] == pytest.approx(0, abs=1e-9)
    assert copy["structure"] == pytest.approx(0, abs=1e-9)
    assert copy["diverse"] == 0
    # inside a stripe a pixel has equal neighbors
    assert 0 <= copy["smooth"] < 0.03
    other = white_noise((24, 24))[None]
    terms = energy.terms(other)
    assert all(terms[name] > 0 for name in ("gram", "structure", "smooth"))
    assert terms["diverse"] < 0
    weights = {"gram": 2.0, "structure": 3.0, "diverse": 0.5, "smooth": 0.1}
    total = sum(weights[name] * value for name, value in terms.items())
    torch.testing.assert_close(energy(other), total)
    # no diversity between pictures of two sizes
    assert energy.terms(white_noise((30, 24))[None])["diverse"] == 0


def test_structure_is_what_grams_of_small_filters_cannot_see(stripes):
    """Two rows of stripes of different period in one picture have no common autocorrelation."""
    energy = DeepCorrelations(EXTRACTOR, stripes, layer=0)
    shifted = stripes.clone()
    shifted[:, 12:] = shifted[:, 12:].roll(3, 2)  # the lower half against the upper one
    assert energy.terms(shifted[None])["structure"] > 0.02


def test_wrapped_results_fit_to_themselves(stripes):
    plain, wrapped = (
        synthesize(GramEnergy(lambda x: [x[..., 1:, :] - x[..., :-1, :]], noise), (20, 20),
                   evaluations=30, wrap=wrap).picture
        for noise in [0.5 + 0.02 * torch.randn(3, 20, 20)]
        for wrap in (0, 4)
    )  # fmt: skip

    def seam(picture):
        return (picture[:, 0] - picture[:, -1]).abs().mean()

    assert seam(wrapped) < 0.5 * seam(plain)


def test_wrong_settings_are_refused(stripes):
    energy = GramEnergy(EXTRACTOR, stripes)
    for settings, message in (
        ({"evaluations": 0}, "evaluations: expected"),
        ({"wrap": 25}, "wrap: expected"),
        ({"start": torch.rand(3, 5, 5)}, "start: expected"),
    ):
        with pytest.raises(ValueError, match=message):
            synthesize(energy, (24, 24), **settings)
    with pytest.raises(ValueError, match="energy: expected a finite number"):
        synthesize(lambda x: x.sum() * float("nan"), (8, 8))
    with pytest.raises(ValueError, match="example: expected"):
        GramEnergy(EXTRACTOR, torch.rand(2, 24, 24))
