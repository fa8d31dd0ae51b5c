import pytest
import torch

from cnnhistory import create_model, zoo
from cnnhistory.compression.quantization import Bits
from cnnhistory.compression.schedule import Schedule
from cnnhistory.graphics.texture.comparison import METHODS, make
from cnnhistory.graphics.texture.features import RandomFilters
from cnnhistory.nlp.bag_of_words import BagOfWords
from cnnhistory.search.network import cell_network
from cnnhistory.tasks.building import build_network
from cnnhistory.training.loop import Training
from cnnhistory.zoo.recipes import (
    RECIPES,
    AblationRecipe,
    CompressionRecipe,
    FluidRecipe,
    FoldsRecipe,
    ReaderRecipe,
    SearchRecipe,
    Spec,
    TextureRecipe,
    TrainingRecipe,
    TranslationRecipe,
    recipe,
)
from cnnhistory.zoo.recording_fluid import fluid_training, pressure_network
from cnnhistory.zoo.recording_search import cells_of

TRAININGS = [r for r in RECIPES.values() if isinstance(r, TrainingRecipe)]
COMPRESSIONS = [r for r in RECIPES.values() if isinstance(r, CompressionRecipe)]
ABLATIONS = [r for r in RECIPES.values() if isinstance(r, AblationRecipe)]
TRANSLATIONS = [r for r in RECIPES.values() if isinstance(r, TranslationRecipe)]
SEARCHES = [r for r in RECIPES.values() if isinstance(r, SearchRecipe)]
FOLDS = [r for r in RECIPES.values() if isinstance(r, FoldsRecipe)]
FLUIDS = [r for r in RECIPES.values() if isinstance(r, FluidRecipe)]
TEXTURES = [r for r in RECIPES.values() if isinstance(r, TextureRecipe)]


def by_id(recipe):
    return recipe.id


def test_a_spec_builds_what_it_names():
    assert Spec("fractions.Fraction", {"numerator": 3}).build(denominator=4) == 0.75
    with pytest.raises(AttributeError):
        Spec("fractions.Fractoin").build()


def test_every_recipe_is_of_one_kind_and_unknown_ids_are_refused():
    kinds = (
        TRAININGS, COMPRESSIONS, ABLATIONS, SEARCHES, FOLDS, TRANSLATIONS, FLUIDS, TEXTURES
    )  # fmt: skip
    assert sum(map(len, kinds)) == len(RECIPES)
    with pytest.raises(KeyError, match="unknown recorded run 'x'"):
        recipe("x")


@pytest.mark.parametrize("plan", TRAININGS, ids=by_id)
def test_a_training_can_be_set_up(plan):
    with torch.device("meta"):
        network = build_network(plan.model, plan.network_args)
    optimizer = plan.optimizer.build()(network.parameters())
    plan.schedule.build()(optimizer, 10)
    if plan.loss:
        plan.loss.build()
    data = plan.data.build(batch_size=plan.batch_size)
    assert data.batch_size == plan.batch_size
    assert plan.seeds == tuple(range(len(plan.seeds)))


@pytest.mark.parametrize("plan", TRANSLATIONS, ids=by_id)
def test_a_translation_can_be_set_up(plan):
    with torch.device("meta"):
        network = create_model(plan.model, **plan.network_args)
    plan.schedule.build()(plan.optimizer.build()(network.parameters()), 10)
    data = plan.data.build(batch_size=plan.batch_size)
    assert data.vocabulary == network.vocabulary
    assert data.longest <= network.positions
    assert plan.seeds == tuple(range(len(plan.seeds)))


@pytest.mark.parametrize("plan", COMPRESSIONS, ids=by_id)
def test_a_compression_names_layers_of_its_network(plan):
    schedule = Schedule.from_settings(plan.schedule)
    with torch.device("meta"):
        network = create_model(schedule.model, **schedule.network_args)
    for name in schedule.densities:
        assert network.get_submodule(name).weight.dim() >= 2
    Bits(**plan.index_bits)
    assert plan.data.init_args["val_size"] == 0


@pytest.mark.parametrize("plan", ABLATIONS, ids=by_id)
def test_an_ablation_is_of_a_recorded_run(plan):
    assert isinstance(recipe(plan.run), TrainingRecipe)
    assert set(plan.seeds) <= {result.seed for result in zoo.record(plan.run).kept()}


@pytest.mark.parametrize("plan", SEARCHES, ids=by_id)
def test_a_search_can_be_set_up(plan):
    cells = cells_of(plan)
    assert len(cells) == len(set(cells)) > 100
    for cell in cells[:: len(cells) // 7]:
        with torch.device("meta"):
            cell_network(cell=cell, **plan.network)
    Training(**plan.training)
    assert plan.data.build().val_set is not None


@pytest.mark.parametrize("plan", FOLDS, ids=by_id)
def test_a_network_for_folds_can_be_set_up(plan):
    data = plan.data.build(batch_size=plan.batch_size)
    with torch.device("meta"):
        sizes = {"vocabulary": 100, "num_classes": data.num_classes}
        network = create_model(plan.model, **sizes, **plan.network_args)
    plan.schedule.build()(plan.optimizer.build()(network.parameters()), 10)
    assert plan.seeds == tuple(range(len(plan.seeds)))
    few = 1 if isinstance(plan, ReaderRecipe) else 3
    assert len(plan.seeds) in ((3, 10) if data.in_folds else (few,))
    for kind, strength in plan.baselines.items():
        BagOfWords(kind, strength)
    assert not data.keeps_val


@pytest.mark.parametrize("plan", FLUIDS, ids=by_id)
def test_a_pressure_network_can_be_set_up(plan):
    pressure_network(plan)
    assert not set(fluid_training(plan).kinds) & set(plan.data.build().kinds)


@pytest.mark.parametrize("plan", TEXTURES, ids=by_id)
def test_textures_can_be_made_as_a_recipe_says(plan):
    example = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    features = RandomFilters(2, (3, 5))
    for method, settings in plan.methods.items():
        made = make(method, settings, features, example, evaluations=1)
        assert made.picture.shape == example.shape
    assert set(plan.methods) == set(METHODS)
    assert plan.data.build().side >= 40
