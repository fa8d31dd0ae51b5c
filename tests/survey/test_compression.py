"""The verdicts about compression, and that each follows from what is computed."""

import time
from types import SimpleNamespace

import pytest
import torch

import cnnhistory
from cnnhistory import registry, zoo
from cnnhistory.claims import list_statements, statement, verify
from cnnhistory.compression.arithmetic import published_reduction
from cnnhistory.compression.pruning import densities, total_density
from cnnhistory.survey.compression import quantization, weight_pruning

SYSTEMS = ("model_size", "weight_pruning", "deep_compression", "quantization")


def test_verdicts_of_the_literature():
    ids = [id for name in SYSTEMS for id in list_statements(system=name)]
    assert {id: statement(id).verdict for id in ids} == {
        "model_size.c1": "correct",
        "weight_pruning.c1": "correct",
        "weight_pruning.c2": "correct",
        "deep_compression.c1": "correct",
        "quantization.c1": "opinion",
    }
    assert [id for id in ids if statement(id).decide is None] == [
        "weight_pruning.c1",
        "deep_compression.c1",
    ]


def test_sizes_are_counted(monkeypatch):
    assert verify("model_size.c1").computed == "alexnet 243.9 MB, vgg16 553.4 MB"
    for place in (cnnhistory, registry):
        monkeypatch.setattr(place, "create_model", lambda name: torch.nn.Linear(10_000, 5_000))
    assert verify("model_size.c1").verdict == "wrong"


def test_the_truth_about_the_large_networks_is_the_arithmetic_of_the_package():
    text = statement("weight_pruning.c1").truth
    for model in ("alexnet", "vgg16"):
        assert f"{published_reduction(model).ratio:.1f}" in text


@pytest.fixture
def recorded(monkeypatch):
    """Put made-up errors in the place of the recorded ones, and leave out the small training."""

    def put(before=0.011, after=0.011, spread=0.0005, kept=1000):
        def seed(number):
            shift = spread * (number - 2)
            rows = [("base", before), ("retrain", 0.5), ("retrain", after), ("share", 0.9)]
            return SimpleNamespace(
                details={"layers": [["1", 17_000, kept]]},
                history=[
                    {
                        "stage": stage,
                        "test_error": error + shift,
                        "counterpart_error": before - shift,
                    }
                    for stage, error in rows
                ],
            )

        results = [seed(number) for number in range(5)]
        monkeypatch.setattr(zoo, "record", lambda id: SimpleNamespace(results=results))

    return put


@pytest.fixture
def guesses(monkeypatch):
    """Put networks that err on some of 200 digits in the place of those that are pruned."""

    def put(again, without):
        digits = SimpleNamespace(images=torch.eye(200), labels=torch.zeros(200, dtype=torch.long))

        class Guess(torch.nn.Module):
            def __init__(self, errors):
                super().__init__()
                self.score = torch.nn.Parameter((torch.arange(200) < errors).float())

            def forward(self, x):
                wrong = x @ self.score
                return torch.stack([1 - wrong, wrong], dim=1)

        data = SimpleNamespace(test_set=digits, train_set=digits)
        monkeypatch.setattr(
            weight_pruning,
            "prune_digits",
            lambda again: (Guess(errors[again]), data),
        )
        errors = {True: again, False: without}

    return put


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "correct"),
        ({"after": 0.008}, "correct"),
        ({"after": 0.014}, "wrong"),  # worse than before
        ({"spread": 0.004}, "unverified"),  # a loss would not have been seen
        ({"kept": 5_000}, "wrong"),  # hardly pruned
    ],
)
def test_pruning_keeps_the_accuracy_by_a_test_over_seeds(recorded, guesses, changes, verdict):
    guesses(again=10, without=60)
    recorded(**changes)
    assert verify("weight_pruning.c2").verdict == verdict


@pytest.mark.parametrize(
    ("without", "verdict"), [(60, "correct"), (12, "imprecise"), (0, "imprecise")]
)
def test_training_again_has_to_help(recorded, guesses, without, verdict):
    guesses(again=10, without=without)
    recorded()
    assert verify("weight_pruning.c2").verdict == verdict


def test_networks_are_pruned_alike_with_and_without_training_again():
    (trained, _), (left, _) = (weight_pruning.prune_digits(again=again) for again in (True, False))
    assert densities(trained) == densities(left)
    assert 1 / total_density(densities(left)) == pytest.approx(12, rel=0.05)


@pytest.mark.parametrize(
    ("sums", "products", "verdict"),
    [(3, 3, "correct"), (3, 0.3, "opinion"), (1.5, 0.3, "wrong"), (1.5, 1.5, "wrong")],
)
def test_the_verdict_on_fixed_point_follows_the_clock(monkeypatch, sums, products, verdict):
    for name, ratio in (("sum_seconds", sums), ("product_seconds", products)):
        seconds = {True: ratio, False: 1.0}
        monkeypatch.setattr(
            quantization, name, lambda a, b, seconds=seconds: seconds[a.is_floating_point()]
        )
    assert verify("quantization.c1").verdict == verdict


def test_a_program_is_timed_by_its_median():
    calls = iter([0.05, 0, 0, 0.05])
    assert quantization._seconds(lambda: time.sleep(next(calls)), 3) < 0.04
