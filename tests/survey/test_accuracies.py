"""Reported figures: their places exist, they agree with the records, and costs are recounted."""

import itertools

import pytest
from torch import nn

import cnnhistory
from cnnhistory.accounting import count_multiply_adds, summarize
from cnnhistory.papers import list_papers
from cnnhistory.plotting.figures.landscape import cost
from cnnhistory.registry import on_meta, system_of
from cnnhistory.survey.accuracies import (
    FIGURES,
    PUBLISHED_COSTS,
    VIEWS,
    PublishedCost,
    Reported,
    reported,
)

MODELS = cnnhistory.list_models()


def test_figures_of_the_papers():
    assert [(f.top1, f.top5) for f in reported("alexnet")] == [(40.7, 18.2)]
    (many,) = reported("resnet152", views="many")
    assert (many.top1, many.top5, many.source, many.where) == (19.38, 4.49, "he2016deep", "Table 4")
    assert {f.top1 for f in reported(data="CIFAR-10", model="resnet110")} == {6.43}
    assert {f.channels for f in reported(data="digits")} == {1}
    assert {f.channels for f in reported(data="ImageNet")} == {3}


def test_names_are_of_models():
    assert {figure.model for figure in FIGURES} <= set(MODELS)
    assert {cost.model for cost in PUBLISHED_COSTS} <= set(MODELS)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f"{f.model}-{f.views}-{f.where}")
def test_a_figure_has_a_place(figure):
    assert figure.source in list_papers()
    assert figure.where
    assert figure.size > 10
    if figure.data != "ImageNet":
        assert (figure.views, figure.top5) == ("one", None)
    if figure.top1 and figure.top5:
        assert figure.top5 < figure.top1
    assert figure.crops == {"one": 1, "ten": 10}.get(figure.views, figure.crops)


def test_no_figure_stands_twice():
    keys = [(f.model, f.data, f.views, f.source, f.where, f.note) for f in FIGURES]
    assert len(set(keys)) == len(keys)


def test_they_agree_with_the_claims_of_the_records():
    compared = 0
    for model in MODELS:
        for claim in system_of(model).figures:
            if claim.model != model or claim.unit != "%" or "error" not in claim.quantity:
                continue
            rates = {rate for f in reported(model) for rate in (f.top1, f.top5)}
            # MNIST of a chapter's other settings, such as the width, is not of the landscape.
            if reported(model, data="ImageNet") or reported(model, data="CIFAR-10"):
                assert claim.value in rates, claim
                compared += 1
    assert compared >= 15


def test_looking_at_more_of_an_image_never_hurts_in_the_same_paper():
    order = list(VIEWS)
    pairs = 0
    for a, b in itertools.combinations(reported(data="ImageNet"), 2):
        if (a.model, a.source) != (b.model, b.source) or a.views == b.views:
            continue
        less, more = sorted((a, b), key=lambda f: order.index(f.views))
        for rate in ("top1", "top5"):
            first, second = getattr(less, rate), getattr(more, rate)
            if first is not None and second is not None:
                assert second < first, (less, more)
                pairs += 1
    assert pairs > 20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": "Imagenet"}, "data: expected one of ImageNet"),
        ({"views": "144"}, "views: expected one of one, dense"),
        ({"top1": None}, "top1, top5: expected percentages, got None and None"),
        ({"top1": 120.0}, "expected percentages, got 120.0"),
    ],
)
def test_broken_figures_are_refused(change, message):
    settings = {
        "model": "lenet5",
        "data": "digits",
        "views": "one",
        "crops": 1,
        "size": 32,
        "top1": 1.0,
        "top5": None,
        "source": "lecun1998gradient",
        "where": "here",
    }
    with pytest.raises(ValueError, match=message):
        Reported(**(settings | change))


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match="data: expected one of"):
        reported(data="COCO")
    with pytest.raises(ValueError, match="views: expected one of"):
        reported(views="some")


def recount(published: PublishedCost) -> float:
    size = reported(published.model, data="ImageNet")[0].size
    return cost(published.model, (3, size, size))[1] * published.per_multiply_add / 1e9


@pytest.mark.parametrize("published", PUBLISHED_COSTS, ids=lambda c: f"{c.model}-{c.source}")
def test_a_cost_that_disagrees_has_a_reason(published):
    assert published.source in list_papers()
    agrees = abs(recount(published) - published.value) <= published.digit / 2
    assert agrees == (not published.why)


def test_the_reasons_hold():
    table = summarize(on_meta("vgg16"), (3, 224, 224))
    convolutions = sum(row.multiply_adds for row in table if row.type == "Conv2d")
    assert round(convolutions / 1e9, 1) == 15.3
    other_stride = cnnhistory.create_model("resnet50", stride_in_3x3=True)
    assert isinstance(other_stride, nn.Module)
    assert round(count_multiply_adds(other_stride, (3, 224, 224)) / 1e9, 1) == 4.1
    assert int(10 * recount(next(c for c in PUBLISHED_COSTS if c.value == 3.8))) == 38
