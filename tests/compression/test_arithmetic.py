import numpy as np
import pytest

from cnnhistory.compression.arithmetic import (
    PUBLISHED_DENSITIES,
    PUBLISHED_KEPT,
    PUBLISHED_SIZES,
    entries_per_weight,
    expected_ratio,
    published_reduction,
)
from cnnhistory.compression.cnnz.gaps import to_gaps


@pytest.mark.parametrize("model", PUBLISHED_DENSITIES)
def test_the_papers_totals_follow_from_its_densities_and_our_layers(model):
    reduction = published_reduction(model)
    kept, ratio = PUBLISHED_KEPT[model]
    assert reduction.kept == pytest.approx(kept, rel=0.03)
    assert round(reduction.ratio) == ratio


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("lenet300_100", 266_610),
        ("lenet5_caffe", 431_080),
        ("alexnet", 60_965_224),
        ("vgg16", 138_357_544),
    ],
)
def test_the_sizes_before_are_four_bytes_for_each_parameter(model, parameters):
    assert published_reduction(model).parameters == parameters
    assert 4 * parameters == pytest.approx(PUBLISHED_SIZES[model][0], rel=0.02)


@pytest.mark.parametrize("model", PUBLISHED_SIZES)
def test_the_published_rates_are_those_of_the_published_sizes(model):
    before, after, _, ratio = PUBLISHED_SIZES[model]
    assert before / after == pytest.approx(ratio, rel=0.03)


def test_three_quarters_of_vgg16_stand_in_one_layer():
    layers = published_reduction("vgg16").layers
    assert [round(layer.weights * 4 / 553.4e4) for layer in layers[-3:]] == [74, 12, 3]


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match=r"model: expected one of lenet300_100, .* got 'nin'"):
        published_reduction("nin")


@pytest.mark.parametrize(("density", "bits"), [(0.08, 5), (0.01, 5), (0.04, 4), (0.5, 1)])
def test_filling_zeros_as_counted_in_a_random_tensor(density, bits):
    places = np.flatnonzero(np.random.default_rng(0).random(400_000) < density)
    entries = len(to_gaps(places, bits)[0])
    assert entries / len(places) == pytest.approx(entries_per_weight(density, bits), rel=0.02)


def test_a_dense_layer_needs_no_filling():
    assert entries_per_weight(1.0, 5) == 1
    assert expected_ratio(1.0, 5, 3) == 4
    with pytest.raises(ValueError, match="density: expected a fraction above 0"):
        entries_per_weight(0.0, 5)
