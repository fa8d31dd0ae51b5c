import importlib
from pathlib import Path

import pytest
import torch

import cnnhistory
from cnnhistory import survey
from cnnhistory.accounting import count_multiply_adds, count_parameters
from cnnhistory.papers import list_papers, paper
from cnnhistory.registry import model_card, on_meta
from cnnhistory.survey import PART_OF, PARTS
from cnnhistory.system import ERAS, TASKS

SYSTEMS = [cnnhistory.system(id) for id in PART_OF]
BOOK = Path(__file__).resolve().parents[1] / "book"
SURVEY = Path(survey.__file__).parent
EVERY = pytest.mark.parametrize("record", SYSTEMS, ids=lambda record: record.id)


def test_each_part_of_the_survey_is_complete():
    assert {part: len(ids) for part, ids in PARTS.items()} == {
        "early": 7,
        "imagenet": 5,
        "inception": 8,
        "residual": 6,
        "mobile": 2,
        "layers": 14,
        "pooling": 9,
        "activations": 5,
        "losses": 10,
        "normalization": 4,
        "optimizers": 10,
        "theory": 4,
        "faces": 7,
        "detection": 9,
        "segmentation": 5,
        "edges": 6,
        "enhancement": 2,
        "depth": 2,
        "tracking": 4,
        "graphics": 12,
        "nlp": 3,
        "compression": 8,
    }
    assert len(SYSTEMS) == 142
    assert list(PARTS) == list(ERAS)


def test_every_file_of_the_survey_is_in_the_table_of_contents():
    files = {
        (path.parent.name, path.stem) for path in SURVEY.glob("*/*.py") if path.stem != "__init__"
    }
    assert files == {(part, id) for id, part in PART_OF.items()}


@EVERY
def test_a_record_stands_where_its_id_and_its_part_say(record):
    assert PART_OF[record.id] == record.era
    renamed = {"lenet1989": "lenet-1989", "lenet1990": "lenet-1990", "lenet5": "lenet-5"}
    assert record.digest == renamed.get(record.id, record.id.replace("_", "-"))


@EVERY
def test_the_statements_of_a_file_are_about_its_entry(record):
    _, statements = survey.entry(record.id)
    assert [one.system for one in statements] == [record.id] * len(statements)
    names = vars(importlib.import_module(f"cnnhistory.survey.{record.era}.{record.id}"))
    assert [names[f"c{one.number}"] for one in statements] == list(statements)
    assert len({one.number for one in statements}) == len(statements)


def test_ids_and_names_are_unique():
    assert len({record.id for record in SYSTEMS}) == len(SYSTEMS)
    assert len({record.name for record in SYSTEMS}) == len(SYSTEMS)


def test_a_model_belongs_to_one_system():
    assert len(set(cnnhistory.list_models())) == len(cnnhistory.list_models())


def test_the_parts_and_their_entries_follow_each_other_as_in_the_survey():
    landmarks = """lenet1989 lenet1990 lenet5 early_obstacles accuracy_cost_chart alexnet zfnet
        googlenet vgg inception_module inception_v2 inception_v4 xception nasnet resnet
        highway_network wrn resnext densenet mobilenet_v1 mobilenet_v2 depthwise_separable_conv
        conv_as_matrix conv_1x1 nin deconvolution fcn_topology global_average_pooling max_pooling
        aspp sigmoid relu elu label_smoothing mse_loss divergence_loss batch_norm dropout backprop
        adam weight_init deconvnet_visualization resnet_ensemble_view theory_math viola_jones mtcnn
        rcnn fpn fcn deeplab sobel hed style_transfer eigen_depth mdnet o_cnn fluidnet
        hdr_kalantari bilateral_grid textcnn convs2s weight_pruning bnn xnor_net"""
    ids = cnnhistory.list_systems()
    assert ids == list(PART_OF)
    positions = [ids.index(landmark) for landmark in landmarks.split()]
    assert positions == sorted(positions)


def test_the_vocabularies_have_no_unused_word():
    assert {record.era for record in SYSTEMS} == set(ERAS)
    assert {record.task for record in SYSTEMS} == set(TASKS)
    assert len(set(TASKS)) == len(TASKS)


@EVERY
def test_the_papers_of_a_record_are_in_the_bibliography(record):
    keys = (record.paper, *record.see_also)
    assert set(keys) <= set(list_papers())
    assert len(set(keys)) == len(keys)


@EVERY
def test_the_year_fits_the_papers(record):
    # The survey's years count from the first version, which may be on arXiv before it appears.
    years = [paper(key).year for key in (record.paper, *record.see_also)]
    assert record.year <= max(years)
    # Only these entries are older ideas than the first paper cited for them.
    older = {"max_pooling": 1992, "avg_pooling": 1989, "text_localization": 2012}
    if record.id in older:
        assert record.year == older[record.id]
    else:
        assert record.year >= min(years) - 2


@EVERY
def test_the_claims_of_a_record_are_complete(record):
    for claim in record.figures:
        assert claim.quantity
        assert claim.unit
        assert claim.where
        assert claim.tolerance >= 0
        assert claim.model is None or claim.model in record.models


COUNTED = [
    figure
    for record in SYSTEMS
    for figure in record.figures
    if figure.checked and figure.model and figure.quantity in ("parameters", "multiply-adds")
]


@pytest.mark.parametrize("figure", COUNTED, ids=lambda figure: f"{figure.model}-{figure.quantity}")
def test_a_checked_count_is_what_the_model_has(figure):
    network = on_meta(figure.model)
    if figure.quantity == "parameters":
        found = count_parameters(network)
    else:
        found = count_multiply_adds(network, model_card(figure.model).input_shape)
    assert abs(found - figure.value) <= figure.tolerance


def test_counts_are_checked_in_all_lines():
    assert {"resnet152", "densenet_bc_100_12", "nasnet_a_large", "mobilenet_v2"} <= {
        figure.model for figure in COUNTED
    }


@EVERY
def test_a_chapter_is_a_page_of_the_book(record):
    if record.chapter:
        assert (BOOK / f"{record.chapter}.ipynb").is_file()


@EVERY
def test_a_chapter_named_like_a_system_belongs_to_it(record):
    named = BOOK.glob(f"*/{record.id}.ipynb")
    pages = [str(path.relative_to(BOOK).with_suffix("")) for path in named]
    assert pages in ([], [record.chapter])


@EVERY
def test_what_is_built_leads_to_code_and_to_nothing_else(record):
    if record.status == "planned":
        assert record.code is None
        return
    assert record.code is not None
    module, _, name = (record.object or f"{record.home}.").rpartition(".")
    found = importlib.import_module(f"cnnhistory.{module}")
    if record.object:
        assert not record.models
        value = getattr(found, name)
        assert callable(value)
        assert value.__module__ == found.__name__
        assert not name.startswith("_")


def test_known_years():
    known = {
        "lenet1989": 1989,
        "lenet5": 1998,
        "alexnet": 2012,
        "zfnet": 2013,  # the survey's 2013-2014
        "resnet": 2015,  # though its paper appeared in 2016
        "sigmoid": 1986,  # undated in the survey: the paper's year
        "huffman_coding": 1952,
    }
    assert {id: cnnhistory.system(id).year for id in known} == known


def test_lenet5_claims_are_what_the_model_has():
    record = cnnhistory.system("lenet5")
    claims = {claim.quantity: claim for claim in record.figures}
    model = cnnhistory.create_model("lenet5")

    parameters = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert claims["trainable parameters"].value == parameters == 60_000

    # A connection is one use of one weight or bias; a sub-sampling unit has four inputs and one
    # bias. Positions of a map come from a run of the real network.
    connections = model.output.codes.numel()
    positions = {}
    for name in ("c1", "s2", "c3", "s4", "c5", "f6"):
        model.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: positions.update({name: output[0, 0].numel()})
        )
    model(torch.zeros(1, 1, 32, 32))
    for name, count in positions.items():
        layer = model.get_submodule(name)
        once = 5 * layer.channels if name[0] == "s" else sum(p.numel() for p in layer.parameters())
        connections += count * once
    assert claims["connections"].value == connections == 340_908

    assert claims["MNIST test error"].value == 0.95
    assert claims["MNIST test error, trained with distorted digits"].value == 0.8
    assert {c.quantity for c in record.figures if c.checked} == {
        "trainable parameters",
        "connections",
    }
