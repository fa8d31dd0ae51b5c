"""The stored runs themselves: complete, whole, and with the results that they say."""

import os
from statistics import fmean

import pytest
import torch

from cnnhistory import zoo
from cnnhistory.cli import main
from cnnhistory.compression.cnnz import load
from cnnhistory.compression.schedule import Schedule
from cnnhistory.graphics.fluid.network import LearnedSolver
from cnnhistory.metrics.translation import bleu, paired_bootstrap_of_counts
from cnnhistory.tasks.building import build_network
from cnnhistory.tasks.classification import evaluate
from cnnhistory.zoo.plain import as_plain
from cnnhistory.zoo.recipes import (
    RECIPES,
    WAITING,
    AblationRecipe,
    CompressionRecipe,
    FluidRecipe,
    FoldsRecipe,
    SearchRecipe,
    TextureRecipe,
    TrainingRecipe,
    TranslationRecipe,
)
from cnnhistory.zoo.recipes.base import PATCHES
from cnnhistory.zoo.recording_fluid import pressure_network
from cnnhistory.zoo.recording_folds import load_answers, train_fold
from cnnhistory.zoo.recording_search import cells_of, load_table, score
from cnnhistory.zoo.recording_textures import by_kind, make_textures
from cnnhistory.zoo.recording_training import load_mistakes
from cnnhistory.zoo.recording_translation import (
    load_counts,
    load_translations,
    load_translator,
)
from cnnhistory.zoo.rounding import FRACTIONS, LARGEST
from cnnhistory.zoo.store import FOLDER, read_record

PLANS = {id: plan for id, plan in RECIPES.items() if id not in WAITING}
TRAININGS = [id for id, plan in PLANS.items() if isinstance(plan, TrainingRecipe)]
COMPRESSIONS = [id for id, plan in PLANS.items() if isinstance(plan, CompressionRecipe)]
ABLATIONS = [id for id, plan in PLANS.items() if isinstance(plan, AblationRecipe)]
TRANSLATIONS = [id for id, plan in PLANS.items() if isinstance(plan, TranslationRecipe)]
SEARCHES = [id for id, plan in PLANS.items() if isinstance(plan, SearchRecipe)]
FOLDS = [id for id, plan in PLANS.items() if isinstance(plan, FoldsRecipe)]
FLUIDS = [id for id, plan in PLANS.items() if isinstance(plan, FluidRecipe)]
TEXTURES = [id for id, plan in PLANS.items() if isinstance(plan, TextureRecipe)]
ON_SHIPPED_DATA = [
    id
    for id in TRAININGS
    if RECIPES[id].data.class_path == PATCHES or RECIPES[id].data.init_args.get("scale") == "small"
]
WITH_DIGITS = [id for id in COMPRESSIONS if "scale" in RECIPES[id].data.init_args]


@pytest.mark.parametrize("id", PLANS)
def test_a_run_is_recorded_as_its_recipe_stands(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    assert record.recipe == as_plain(plan)
    assert tuple(result.seed for result in record.results) == plan.seeds
    assert len(record.data["content_hash"]) == 64
    for origin in record.provenance:
        assert {"torch", "python", "cnnhistory"} <= set(origin.libraries)
        assert origin.machine["processor"]
        assert origin.command.startswith(f"cnnhistory record {id}")
        assert origin.commit or origin.recorded_by["commit"]
        assert origin.date or origin.recorded_by["date"]


def test_the_folder_has_what_the_records_name_and_nothing_else():
    records = [read_record(path) for path in FOLDER.glob("*.json")]
    named = {
        entry.file for record in records for r in record.results for entry in r.artifacts.values()
    }
    found = {path.name for path in FOLDER.iterdir() if path.suffix != ".json"}
    assert found == named
    assert {path.stem for path in FOLDER.glob("*.json")} == set(PLANS)
    assert set(RECIPES) >= WAITING


@pytest.mark.parametrize("id", TRAININGS)
def test_a_training_is_complete(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    assert record.kept() or record.kept("mistakes")
    for result in record.kept("mistakes"):
        wrong = load_mistakes(id, result.seed)
        assert (sum(wrong), len(wrong)) == (result.errors, result.n)
    for result in record.results:
        curve = result.curve("test_error")
        assert len(result.history) == len(curve) == plan.epochs
        assert curve[-1] == pytest.approx(result.metrics["test_error"])
    for result in record.kept():
        entry = result.artifacts["weights"]
        assert (FOLDER / entry.file).stat().st_size == entry.bytes <= LARGEST
        whole = "float16", *(f"float16, {bits} bits of the fraction" for bits in FRACTIONS)
        assert entry.dtype in whole or entry.reason
        network = build_network(plan.model, plan.network_args)
        network.load_state_dict(zoo.load_weights(id, result.seed))


def check_errors(id, slack=0):
    """Every network that a run left gives its recorded number of errors again."""
    record, plan = zoo.record(id), zoo.recipe(id)
    data = plan.data.build(batch_size=plan.batch_size)
    assert data.content_hash == record.data["content_hash"]
    network = build_network(plan.model, plan.network_args)
    network.to(memory_format=torch.channels_last)
    for result in record.kept():
        network.load_state_dict(zoo.load_weights(id, result.seed))
        found = evaluate(network, data.test_set)
        assert (found.n, found.errors) == (result.n, pytest.approx(result.errors, abs=slack))


@pytest.mark.parametrize("id", ON_SHIPPED_DATA)
def test_the_networks_give_their_errors_again(id):
    # an image between two classes may fall to the other side on another processor
    check_errors(id, slack=1)


@pytest.mark.slow
@pytest.mark.parametrize("id", [id for id in TRAININGS if id not in ON_SHIPPED_DATA])
def test_the_networks_give_their_errors_again_on_whole_data_sets(id):
    needs_data()
    check_errors(id, slack=1)


@pytest.mark.parametrize("id", COMPRESSIONS)
def test_a_compression_is_complete_and_keeps_its_promise(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    epochs = Schedule.from_settings(plan.schedule).epochs
    for result in record.results:
        assert len(result.history) == epochs
        assert sum(result.details["sections"].values()) == result.metrics["bytes"]
        sizes = result.metrics["float_bytes"] / result.metrics["bytes"]
        assert result.metrics["ratio"] == sizes >= plan.least_ratio
    if id in WITH_DIGITS:  # there hardly anything is lost, on average over the seeds
        assert record.mean("test_error") - record.mean("counterpart_error") < 0.001
    for result in record.kept("network"):
        contents = load(zoo.artifact(id, "network", result.seed))
        assert contents.totals() == result.details["sections"]
        assert contents.model == plan.schedule["model"]
        contents.network()


@pytest.mark.parametrize("id", ABLATIONS)
def test_ablations_are_of_the_weights_that_are_there(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    source = zoo.record(plan.run)
    assert record.data["content_hash"] == source.data["content_hash"]
    for result in record.results:
        weights = source.result(result.seed).artifacts["weights"]
        assert result.inputs == {plan.run: weights.trained_sha256}
        assert result.errors == pytest.approx(source.result(result.seed).errors, abs=2)


@pytest.mark.parametrize("id", TRANSLATIONS)
def test_a_translation_is_complete(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    for result in record.results:
        assert len(result.history) == len(result.curve("val_bleu")) == plan.epochs
        counts = load_counts(id, result.seed)
        found = paired_bootstrap_of_counts(counts, counts, samples=2)
        assert found.score_a == pytest.approx(result.metrics["test_bleu"])
        translations = load_translations(id, result.seed)
        assert len(counts) == len(translations) == result.details["sentences"]
    for result in record.kept():
        assert result.artifacts["weights"].bytes <= LARGEST
        translator = load_translator(id, result.seed)
        assert translator.translate(["A man is walking."])[0]


@pytest.mark.slow
@pytest.mark.parametrize("id", TRANSLATIONS)
def test_a_network_gives_its_translations_again(id):
    needs_data()
    plan, record = zoo.recipe(id), zoo.record(id)
    data = plan.data.build(batch_size=plan.batch_size)
    assert data.content_hash == record.data["content_hash"]
    test = data.texts("test")
    for result in record.kept():
        found = load_translator(id, result.seed).translate(test.inputs, plan.beam)
        score = bleu(found, test.targets)
        assert score.signature == result.details["bleu"]
        assert score.value == pytest.approx(result.metrics["test_bleu"], abs=0.1)


@pytest.mark.parametrize("id", SEARCHES)
def test_a_table_has_every_cell_of_its_space(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    for result in record.results:
        table = load_table(id, result.seed)
        assert list(table) == cells_of(plan)
        assert {found.n for found in table.values()} == {plan.data.init_args["val_size"]}
        errors = sorted(found.errors / found.n for found in table.values())
        assert result.metrics["lowest_error"] == errors[0]


@pytest.mark.parametrize("id", FLUIDS)
def test_a_pressure_network_leaves_as_little_as_recorded(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    scenes = plan.data.build()
    assert scenes.describe()["content_hash"] == record.data["content_hash"]
    for result in record.results:
        assert (FOLDER / result.artifacts["weights"].file).stat().st_size <= LARGEST
        network = pressure_network(plan)
        network.load_state_dict(zoo.load_weights(id, result.seed))
        found = scenes.left(LearnedSolver(network))
        assert found == pytest.approx(result.metrics["left_1"], abs=0.005)
        assert result.metrics["left_4"] < result.metrics["left_2"] < result.metrics["left_1"]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("id", FLUIDS)
def test_a_pressure_network_trained_again_lands_near_the_record(id, tmp_path):
    options = ["--directory", str(tmp_path / "runs"), "--output", str(tmp_path), "--seeds", "7"]
    assert main(["record", id, *options]) == 0
    again, record = read_record(tmp_path / f"{id}.json"), zoo.record(id)
    assert 100 * abs(again.mean("left_1") - record.mean("left_1")) <= zoo.recipe(id).tolerance


@pytest.mark.slow
@pytest.mark.parametrize("id", SEARCHES)
def test_children_trained_again_land_near_the_table(id):
    plan, data = zoo.recipe(id), zoo.recipe(id).data.build()
    assert data.content_hash == zoo.record(id).data["content_hash"]
    for seed in plan.seeds:
        table = load_table(id, seed)
        chosen = list(table)[:: len(table) // 24]
        again = [score(plan, cell, seed, data) for cell in chosen]
        assert [found.parameters for found in again] == [table[c].parameters for c in chosen]
        difference = fmean(
            new.errors / new.n - table[cell].errors / table[cell].n
            for new, cell in zip(again, chosen, strict=True)
        )
        assert 100 * abs(difference) <= plan.tolerance


@pytest.mark.slow
@pytest.mark.parametrize("id", COMPRESSIONS)
def test_the_compressed_file_has_the_recorded_error(id):
    needs_data()
    record, data = zoo.record(id), zoo.recipe(id).data.build()
    assert data.content_hash == record.data["content_hash"]
    for result in record.kept("network"):
        network = load(zoo.artifact(id, "network", result.seed)).network()
        assert abs(evaluate(network, data.test_set).errors - result.errors) <= 1


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("id", [*TRAININGS, *COMPRESSIONS])
def test_running_again_lands_near_the_record(id, tmp_path):
    needs_data()
    options = ["--directory", str(tmp_path / "runs"), "--output", str(tmp_path), "--seeds", "7"]
    assert main(["record", id, *options]) == 0
    again = read_record(tmp_path / f"{id}.json")
    assert 100 * abs(again.error - zoo.record(id).error) <= zoo.recipe(id).tolerance


@pytest.mark.parametrize("id", FOLDS)
def test_answers_of_every_fold_are_there(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    for result in record.results:
        assert len(result.history) == plan.epochs
        answers = load_answers(id, result.seed)
        assert set(answers.by) == {"network", *plan.baselines}
        assert answers.wrong("network").sum() == result.errors
        assert len(answers.labels) == result.n
    folds = {result.details["content_hash"] for result in record.results}
    assert len(folds) in (1, len(record.results))


@pytest.mark.slow
@pytest.mark.parametrize("id", FOLDS)
def test_a_fold_trained_again_lands_near_the_record(id, tmp_path):
    needs_data()
    plan, record = zoo.recipe(id), zoo.record(id)
    again = train_fold(plan, 0, tmp_path).result
    before = record.result(0)
    assert again.details == before.details
    assert 100 * abs(again.metrics["test_error"] - before.metrics["test_error"]) <= plan.tolerance
    assert again.metrics["counts_error"] == pytest.approx(before.metrics["counts_error"], abs=2e-3)


@pytest.mark.parametrize("id", TEXTURES)
def test_every_texture_was_made_by_every_method(id):
    record, plan = zoo.record(id), zoo.recipe(id)
    names = [result.details["texture"] for result in record.results]
    assert len(set(names)) == len(plan.seeds)
    for method in plan.methods:
        kinds = by_kind(record, method, "autocorrelation")
        assert sum(map(len, kinds.values())) == len(plan.seeds)
        assert min(map(len, kinds.values())) >= 4
        assert record.mean(f"{method}_gram") < 0.5 * record.mean("noise_gram")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("id", TEXTURES)
def test_textures_made_again_land_near_the_record(id):
    needs_data()
    plan, record = zoo.recipe(id), zoo.record(id)
    examples, name = plan.data.build().read(), "correlations_autocorrelation"
    assert plan.data.build().describe()["content_hash"] == record.data["content_hash"]
    seeds = plan.seeds[::8]
    again = fmean(make_textures(plan, seed, examples[seed]).result.metrics[name] for seed in seeds)
    before = fmean(record.result(seed).metrics[name] for seed in seeds)
    assert 100 * abs(again - before) <= plan.tolerance


def needs_data():
    if "CNNHISTORY_DATA" not in os.environ:
        pytest.skip("needs whole data sets: set CNNHISTORY_DATA to a folder with them")
