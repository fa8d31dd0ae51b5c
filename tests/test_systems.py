from collections import Counter

import pytest
import torch

import cnnhistory
from cnnhistory.papers import list_papers, paper
from cnnhistory.system import ERAS, TASKS
from cnnhistory.systems import SYSTEMS

EVERY = pytest.mark.parametrize("record", SYSTEMS, ids=lambda record: record.id)
# Chapters with a name of their own.
OTHER_PAGES = {
    "accuracy_cost_chart": "landscape",
    "deconvnet_visualization": "zfnet",
    "early_obstacles": "why_it_stalled",
    "resnet_ensemble_view": "resnet_ensembles",
    **dict.fromkeys(("nin", "googlenet", "inception_module"), "nin_googlenet"),
    **dict.fromkeys(("model_size", "weight_pruning"), "pruning"),
    **dict.fromkeys(("quantization", "huffman_coding"), "deep_compression"),
    **dict.fromkeys(("bwn", "xnor_net"), "xnor"),
}


def test_each_group_of_the_survey_is_complete():
    assert Counter(record.era for record in SYSTEMS) == {
        "early": 7,
        "imagenet-era": 5,
        "inception-family": 8,
        "resnet-family": 6,
        "mobile": 2,
        "layers": 14,
        "pooling": 9,
        "activations": 5,
        "losses": 10,
        "normalization": 4,
        "optimizers": 10,
        "theory": 4,
        "vision-apps": 35,
        "graphics-apps": 12,
        "nlp-apps": 3,
        "compression": 8,
    }
    assert len(SYSTEMS) == 142


def test_ids_and_names_are_unique():
    assert len({record.id for record in SYSTEMS}) == len(SYSTEMS)
    assert len({record.name for record in SYSTEMS}) == len(SYSTEMS)


def test_a_model_belongs_to_one_system():
    assert len(set(cnnhistory.list_models())) == len(cnnhistory.list_models())


def test_the_sections_follow_each_other_as_in_the_survey():
    landmarks = """lenet1989 lenet1990 lenet5 early_obstacles accuracy_cost_chart alexnet zfnet
        deconvnet_visualization googlenet inception_module vgg resnet highway_network
        resnet_ensemble_view inception_v2 label_smoothing inception_v4 xception nasnet wrn
        resnext densenet mobilenet_v1 mobilenet_v2 depthwise_separable_conv conv_as_matrix
        conv_1x1 nin global_average_pooling deconvolution max_pooling aspp sigmoid relu elu
        mse_loss divergence_loss fcn_topology batch_norm dropout backprop adam weight_init
        theory_math viola_jones mtcnn rcnn fpn fcn deeplab sobel hed style_transfer mdnet o_cnn
        fluidnet hdr_kalantari bilateral_grid textcnn convs2s weight_pruning bnn xnor_net"""
    ids = cnnhistory.list_systems()
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


@EVERY
def test_a_chapter_is_the_page_of_its_system(record):
    if record.chapter:
        part, page = record.chapter.split("/")
        parts = "early imagenet inception residual toolbox vision graphics nlp compression"
        assert part in parts.split()
        assert page == OTHER_PAGES.get(record.id, record.id)


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
