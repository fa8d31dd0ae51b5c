import dataclasses

import pytest
import torch

from cnnhistory import zoo
from cnnhistory.cli import main
from cnnhistory.compression.cnnz import load
from cnnhistory.zoo import store
from cnnhistory.zoo.recipes import RECIPES, AblationRecipe, CompressionRecipe, Spec, TrainingRecipe
from cnnhistory.zoo.recipes.base import DIGITS, adam
from cnnhistory.zoo.recording_training import load_mistakes

TINY = {
    "model": "lenet300_100",
    "densities": {"1": 0.03, "3": 0.1, "5": 0.5},
    "base": {"epochs": 2, "lr": 4e-3, "batch_size": 128},
    "rounds": 2,
    "prune": {"epochs": 1, "lr": 4e-3, "batch_size": 128},
    "retrain": {"epochs": 1, "lr": 4e-3, "batch_size": 128},
    "share": {"epochs": 1, "lr": 1e-3, "batch_size": 128},
    "bits": {"dense": 3},
}


SMALL = {"scale": "small", "pad_to": 28, "val_size": 0}
TRAINING = TrainingRecipe(
    id="tiny",
    model="lenet300_100",
    epochs=2,
    batch_size=50,
    optimizer=adam(1e-3),
    data=Spec(DIGITS, {**SMALL, "train_size": 200, "test_size": 100}),
    seeds=(0, 1),
)


@pytest.fixture
def record(tmp_path, monkeypatch):
    """Run the command with recipes of our own, in an empty zoo."""
    monkeypatch.setattr(store, "FOLDER", tmp_path / "zoo")

    def run(recipe, *options):
        monkeypatch.setitem(RECIPES, recipe.id, recipe)
        return main(["record", recipe.id, "--directory", str(tmp_path / "runs"), *options])

    return run


def test_a_training_is_recorded_with_the_weights_of_every_seed(record, tmp_path):
    assert record(TRAINING) == 0
    made = zoo.record("tiny")
    assert [result.seed for result in made.results] == [0, 1]
    for result in made.results:
        assert result.n == 100
        assert len(result.history) == 2
        assert result.history[-1]["test_error"] == result.metrics["test_error"]
        assert result.curves["accepted_error"][0] == result.metrics["test_error"]
        share, sure, right = torch.tensor(result.details["reliability"]).T
        assert float(share.sum()) == pytest.approx(1)
        assert float(share @ right) == pytest.approx(1 - result.metrics["test_error"])
        assert float(share @ sure) == pytest.approx(result.metrics["confidence"], abs=1e-4)
        apart = float(share @ (right - sure).abs())
        assert apart == pytest.approx(result.metrics["calibration_error"], abs=1e-4)
        assert result.metrics["log_loss"] > 0
        weights = zoo.load_weights("tiny", result.seed)
        network = zoo.recipe("tiny")
        assert network.model == "lenet300_100"
        assert weights["1.weight"].shape == (300, 784)
        assert len(result.artifacts["weights"].trained_sha256) == 64
        wrong = load_mistakes("tiny", result.seed)
        assert (len(wrong), sum(wrong)) == (100, result.errors)
    (origin,) = {p.command for p in made.provenance}
    assert origin == "cnnhistory record tiny"
    first = made.provenance[0]
    assert {"torch", "numpy", "mlxtend", "scikit-learn", "pillow"} <= set(first.libraries)
    assert first.date.endswith("+00:00")


def test_a_recording_stopped_after_a_seed_goes_on_with_the_next(record, monkeypatch, capsys):
    import cnnhistory.zoo.recording_training as module

    train = module.train_seed
    trained = []

    def stops(plan, seed, folder):
        if seed == 1 and trained == [0]:
            trained.append("stopped")
            raise KeyboardInterrupt
        trained.append(seed)
        return train(plan, seed, folder)

    monkeypatch.setattr(module, "train_seed", stops)
    assert record(TRAINING) == 130
    assert capsys.readouterr().err == "cnnhistory: stopped by SIGINT\n"
    assert zoo.list_records() == []
    assert record(TRAINING) == 2
    assert "expected one without an earlier run, or --resume" in capsys.readouterr().err
    assert record(TRAINING, "--resume") == 0
    assert trained == [0, "stopped", 1]
    assert [result.seed for result in zoo.record("tiny").results] == [0, 1]
    # all is recorded: nothing to go on with
    assert record(TRAINING, "--resume") == 2
    assert "seeds: expected at least one to run" in capsys.readouterr().err


def test_a_recording_killed_in_an_epoch_ends_as_one_that_was_not(record, monkeypatch, tmp_path):
    import cnnhistory.tasks.callbacks as module

    assert record(TRAINING, "--output", str(tmp_path / "whole"), "--seeds", "0") == 0
    whole = store.read_record(tmp_path / "whole" / "tiny.json").results[0]
    for path in sorted((tmp_path / "runs").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    measure = module.TestErrorEachEpoch.on_train_epoch_end

    def killed(self, trainer, pl_module):
        if trainer.current_epoch == 1:
            raise RuntimeError("killed")
        measure(self, trainer, pl_module)

    with monkeypatch.context() as patch:
        patch.setattr(module.TestErrorEachEpoch, "on_train_epoch_end", killed)
        with pytest.raises(RuntimeError, match="killed"):
            record(TRAINING, "--seeds", "0")
    assert record(TRAINING, "--seeds", "0", "--resume") == 0
    (result,) = zoo.record("tiny").results
    assert result.artifacts["weights"] == whole.artifacts["weights"]
    assert result.counts == whole.counts
    assert [row["test_error"] for row in result.history] == whole.curve("test_error")


def test_seeds_come_beside_those_of_a_record(record, tmp_path, capsys):
    assert record(TRAINING, "--seeds", "0") == 0
    first = zoo.record("tiny")
    assert record(TRAINING, "--resume") == 0
    both = zoo.record("tiny")
    assert [result.seed for result in both.results] == [0, 1]
    assert both.results[0] == first.results[0]
    # a recipe that got a seed more keeps those it has
    more = dataclasses.replace(TRAINING, seeds=(0, 1, 2))
    assert record(more, "--resume") == 0
    three = zoo.record("tiny")
    assert three.results[:2] == both.results
    assert [result.seed for result in three.results] == three.recipe["seeds"] == [0, 1, 2]
    # another recipe, or other data, does not take the seeds for its own
    other = dataclasses.replace(TRAINING, tolerance=9.0)
    assert record(other, "--resume", "--seeds", "2") == 2
    assert "recipe: expected that of" in capsys.readouterr().err
    assert record(TRAINING, "--seeds") == 2
    assert main(["record", "tinny"]) == 2
    assert "unknown recorded run 'tinny'; did you mean 'tiny'?" in capsys.readouterr().err


def test_record_compression(record, monkeypatch, capsys):
    recipe = CompressionRecipe(
        "tiny_deep_compression", TINY, {"dense": 5}, data=Spec(DIGITS, SMALL), seeds=(0, 1)
    )
    assert record(recipe) == 0
    first = zoo.record(recipe.id)
    assert [result.seed for result in first.results] == [0, 1]
    result = first.results[0]
    assert result.n == 1000
    assert result.metrics["float_bytes"] == 4 * 266_610
    assert result.metrics["ratio"] > 30
    assert len(result.history) == 6
    last = result.history[-1]
    assert last == {
        "stage": "share",
        "test_error": result.metrics["test_error"],
        "counterpart_error": result.metrics["counterpart_error"],
    }
    assert result.metrics["base_error"] == result.history[1]["test_error"]
    assert sum(result.details["sections"].values()) == result.metrics["bytes"]
    others = result.details["others"]
    counterpart = result.counts["counterpart_error"][0]
    assert others["float32"] == {"bytes": 4 * 266_610, "errors": counterpart}
    assert others["int8, gzip"]["bytes"] < others["int8"]["bytes"] < 300_000
    for seed in (0, 1):
        contents = load(zoo.artifact(recipe.id, "network", seed))
        assert contents.totals() == first.result(seed).details["sections"]


def test_record_ablations(record, monkeypatch):
    """On digits in the place of photographs, with a network that was hardly trained."""
    source = TrainingRecipe(
        id="tiny_resnet",
        model="resnet20",
        epochs=1,
        batch_size=20,
        optimizer=adam(1e-3),
        data=Spec(DIGITS, {"scale": "small", "val_size": 0, "train_size": 60, "test_size": 30}),
        network_args={"width": 1 / 8, "in_channels": 1},
        seeds=(0,),
    )
    assert record(source) == 0
    settings = {
        "single_images": 20, "images": 10, "counts": [1, 5, 100], "swaps": [1, 2], "draws": 2,
        "path_images": 4, "path_draws": 2,
    }  # fmt: skip
    plan = AblationRecipe("ablations_tiny_resnet", "tiny_resnet", settings)
    assert record(plan) == 0
    (result,) = zoo.record(plan.id).results
    weights = zoo.record(source.id).results[0].artifacts["weights"]
    assert result.inputs == {"tiny_resnet": weights.trained_sha256}
    assert result.n == 30
    assert list(result.details["single"])[:2] == ["conv2_1", "conv2_2"]
    assert len(result.details["orders"]) == 4
    assert set(result.metrics) == {"test_error", "error_single", "error_images"}
