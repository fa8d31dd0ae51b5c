"""Points, Pareto front and the chart, which is whole without its script and loads nothing."""

import dataclasses
import json
import math
import re
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_helpers import Elements

import cnnhistory
from cnnhistory.accounting import count_multiply_adds
from cnnhistory.plotting.figures import landscape, landscape_chart, landscape_scene
from cnnhistory.plotting.figures.landscape import (
    best,
    cost,
    front_of,
    left_out,
    panel,
    pareto,
    points,
)
from cnnhistory.plotting.figures.landscape_chart import LandscapeChart
from cnnhistory.plotting.figures.landscape_scene import (
    LETTER,
    NARROW,
    WIDE,
    labels,
    scene,
)
from cnnhistory.registry import on_meta
from cnnhistory.survey.accuracies import reported


@pytest.fixture(scope="module")
def found():
    return [p for p in points("ImageNet") if not p.model.startswith(("densenet", "nasnet"))]


@pytest.fixture(scope="module")
def html(found):
    return LandscapeChart(found)._repr_html_()


def test_costs_of_the_papers():
    assert cost("vgg16", (3, 224, 224)) == (138_357_544, 15_470_264_320)
    assert cost("alexnet", (3, 227, 227)) == (60_965_224, 724_406_816)


def test_leaving_out_what_has_no_multiply_adds_changes_nothing():
    parameters, multiply_adds = cost("resnet20", (3, 32, 32))
    assert parameters == 269_722
    assert multiply_adds == count_multiply_adds(on_meta("resnet20"), (3, 32, 32))


def test_every_figure_of_a_model_that_exists_is_a_point(found):
    kept = {p.model for p in found}
    expected = [f for f in reported(data="ImageNet") if f.model in kept]
    assert sorted(map(repr, expected)) == sorted(repr(p.figure) for p in found)
    (alexnet,) = (p for p in found if p.model == "alexnet")
    assert (alexnet.accuracy(1), alexnet.accuracy(5), alexnet.year) == (59.3, 81.8, 2012)
    assert alexnet.input_shape == (3, 227, 227)
    assert points("ImageNet", "dense")[0].figure.views == "dense"


def test_models_without_a_figure_are_named():
    missing = left_out()
    assert "nin" in missing
    assert "resnet50" not in missing
    assert set(missing) <= set(cnnhistory.list_models())


def test_the_best_figure_of_each_model(found):
    top = {p.model: p.figure for p in best(found, 5)}
    assert top["googlenet"].crops == 144
    assert top["resnet50"].views == "many"
    assert len(top) == len({p.model for p in found if p.figure.top5})


AXIS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1)


@given(AXIS)
def test_the_front_is_what_nothing_beats(pairs):
    costs, values = zip(*pairs, strict=True)
    front = pareto(costs, values)
    on_front = {pairs[i] for i in front}
    beaten = {
        (c, v) for c, v in pairs if any((a <= c and b >= v) and (a, b) != (c, v) for a, b in pairs)
    }
    assert on_front == set(pairs) - beaten
    assert len(on_front) == len(front)
    assert [costs[i] for i in front] == sorted(costs[i] for i in front)


def test_the_front_needs_pairs():
    with pytest.raises(ValueError, match="accuracies: expected 2 values, got 1"):
        pareto([1, 2], [3])


def test_a_panel_shows_the_front_and_names(ax):
    ten = [p for p in points("ImageNet", "ten") if p.figure.top1]
    some = [p for p in ten if p.model in ("alexnet", "vgg16", "resnet18", "resnet50")]
    front = front_of(some, "multiply_adds")
    assert [p.model for p in front] == ["alexnet", "resnet18", "resnet50"]
    assert [p.model for p in front_of(some, "parameters")] == ["resnet18", "resnet50"]
    assert panel(some, "multiply_adds", ax=ax) is ax
    dashed, *dots = ax.lines
    assert dashed.get_xdata().tolist() == [p.multiply_adds for p in front]
    assert dots[0].get_ydata().tolist() == [p.accuracy() for p in some if p.year >= 2015]
    assert {text.get_text() for text in ax.texts} == {"AlexNet", "VGG-16", "ResNet-18", "ResNet-50"}
    assert ax.get_xlabel() == "multiply-adds"


def test_a_full_panel_names_the_front_and_what_is_older(ax, monkeypatch):
    monkeypatch.setattr(landscape, "MOST_NAMES", 3)
    ten = [p for p in points("ImageNet", "ten") if p.figure.top1]
    some = [p for p in ten if p.model in ("vgg16", "plain34", "resnet18", "resnet50")]
    panel(some, "parameters", ax=ax)
    assert {text.get_text() for text in ax.texts} == {"VGG-16", "ResNet-18", "ResNet-50"}


def test_the_chart_is_whole_without_its_script(found, html):
    tags = Elements(html).tags
    with_top1 = [p for p in found if p.figure.top1]
    dots = [attrs for tag, attrs in tags if attrs.get("class") == "dot"]
    assert len(dots) == len(with_top1)
    for name in ("AlexNet", "ZFNet", "MobileNet v2"):
        assert re.search(rf'<text class="name"[^>]*>{name}</text>', html)
    (stage,) = (attrs for _, attrs in tags if attrs.get("class") == "live-stage")
    assert "hidden" in stage  # the script shows it
    rows = re.findall(r'<tr><th scope="row"[^>]*>([^<]*)</th>', html)
    assert rows == [p.name for p in found]
    assert html.count("Krizhevsky 2012, Table 2, Section 4.1") > 2  # table, dots and scenes
    assert "10 of 224²" not in html
    assert "ten crops of 227²" in html
    for point in with_top1:
        assert re.search(rf"<title>{re.escape(point.name)}, {point.year}\. Error on Image", html)


def test_nothing_is_loaded(html):
    assert "http" not in html.replace("http-equiv", "")
    assert not [attrs for _, attrs in Elements(html).tags if "src" in attrs or "href" in attrs]
    assert "<script>" not in html  # data alone


def test_text_form(found):
    chart = LandscapeChart(found)
    assert str(chart) == f"{len(found)} figures for {len({p.model for p in found})} networks"
    with pytest.raises(ValueError, match="found: expected at least one point"):
        LandscapeChart([])


def test_every_era_has_a_color_of_its_own(found):
    style = (files("cnnhistory.plotting.figures") / "landscape.css").read_text()
    light = re.findall(r'^\.landscape \[data-era="(\d)"\] \{ --c: (.*); \}$', style, re.MULTILINE)
    assert [int(number) for number, _ in light] == list(range(landscape_chart.MOST_ERAS))
    assert len({color for _, color in light}) == landscape_chart.MOST_ERAS
    many = [dataclasses.replace(found[0], era=str(n)) for n in range(landscape_chart.MOST_ERAS + 1)]
    with pytest.raises(ValueError, match="found: expected points of at most 7 eras, got"):
        LandscapeChart(many)


def test_one_data_set_without_imagenet():
    chart = LandscapeChart([p for p in points("digits") if p.model.startswith("lenet")])
    assert "Accuracy on digits against" in chart.drawing()


def test_labels_cover_neither_dots_nor_each_other():
    dots = [(100.0 + 7 * n, 100.0 + (n * 37) % 60, 6.0) for n in range(20)]
    placed = labels([(n, 7 + n // 10, *dot) for n, dot in enumerate(dots)], dots)
    assert 0 < len(placed) < 20
    boxes = [(x, y - 10, x + (7 + n // 10) * LETTER, y + 2) for n, x, y in placed]
    for n, box in enumerate(boxes):
        assert not any(landscape_scene._overlap(box, other) for other in boxes[:n])
        for cx, cy, _ in dots:
            assert not (box[0] < cx < box[2] and box[1] < cy < box[3])


def test_labels_keep_off_lines():
    dot = (200.0, 200.0, 6.0)
    ((_, _, straight),) = labels([(0, 7, *dot)], [dot])
    line = (150.0, 199.0, 400.0, 201.0)
    ((_, left, base),) = labels([(0, 7, *dot)], [dot], [line])
    assert straight == 204
    assert base < 199 or base - 10 > 201
    assert left < 400


def test_the_front_crosses_no_name(html):
    drawing = html.partition("<details>")[0]
    steps = re.search(r'<path class="front" d="M([\d.]+) ([\d.]+)(.*?)H(\d+)"', drawing)
    corners = [(float(steps[1]), float(steps[2]))]
    for right, up in re.findall(r"H([\d.]+)V([\d.]+)", steps[3]):
        corners += [(float(right), corners[-1][1]), (float(right), float(up))]
    corners.append((float(steps[4]), corners[-1][1]))
    names = re.findall(r'<text class="name" x="([\d.]+)" y="([\d.]+)">([^<]*)<', drawing)
    assert len(names) > 8
    for x, y, name in names:
        left, right = float(x), float(x) + len(name) * LETTER
        for (x0, y0), (x1, y1) in pairwise(corners):
            assert (
                max(x0, x1) < left
                or min(x0, x1) > right
                or max(y0, y1) < float(y) - 8
                or min(y0, y1) > float(y)
            ), name


def test_a_scene_by_hand(found):
    three = [p for p in found if p.figure.views == "ten" and p.model in ("alexnet", "resnet18")]
    made = scene(three)
    # 59.3 and 72.12 % (1.28 above and below), 0.72 and 1.81 G multiply-adds (10^0.2 around)
    assert made.label == "Top-1 accuracy on ImageNet against multiply-adds for one crop, 2 figures"
    assert made.axes == ("multiply-adds for one crop", "top-1 accuracy on ImageNet, %")
    assert [text for _, text in made.marks] == ["500 M", "1 G", "2 G"]
    assert [text for _, text in made.levels] == ["60", "62", "64", "66", "68", "70", "72"]
    costs = {0: math.log10(724_406_816), 1: math.log10(1_814_073_344)}
    for number, x, y, radius in made.dots:
        share = (costs[number] - costs[0] + 0.2) / (costs[1] - costs[0] + 0.4)
        assert x == pytest.approx(52 + share * (760 - 52 - 16))
        percent = (three[number].accuracy() - 59.3 + 1.282) / (12.82 + 2.564)
        assert y == pytest.approx(416 - percent * 402)
        parameters = three[number].parameters / three[0].parameters
        assert radius == pytest.approx(4 + 18 * math.sqrt(parameters))
    assert [dot.number for dot in made.dots] == [0, 1]  # the largest first
    assert made.front == [dot[1:3] for dot in made.dots]
    assert (made.bands, made.links) == ([], [])
    assert [number for number, _, _ in made.names] == [1, 0]  # on the front both, the upper first


def test_years_are_bands(found):
    made = scene(found, against="year", views="ten")
    years = sorted({p.year for p in found if p.figure.views == "ten" and p.figure.top1})
    assert [text for _, text in made.marks] == [str(year) for year in years]
    assert len(made.bands) == (len(years) + 1) // 2
    assert made.front == []
    wide = (760 - 52 - 16) / len(years)
    for dot in made.dots:
        place = years.index(found[dot.number].year)
        assert 52 + place * wide < dot.x < 52 + (place + 1) * wide


def test_links_join_the_figures_of_one_network(found):
    made = scene(found)
    tops = {}
    for dot in made.dots:
        model = found[dot.number].model
        tops[model] = min(tops.get(model, dot.y), dot.y)
    assert len(made.links) == len(made.dots) - len(tops)
    for number, _, low, high in made.links:
        assert high == tops[found[number].model] <= low


@pytest.mark.parametrize("frame", [WIDE, NARROW])
@pytest.mark.parametrize("against", ["macs", "params", "year"])
@pytest.mark.parametrize("metric", ["top1", "top5"])
def test_every_scene_stays_in_its_frame(found, frame, against, metric):
    made = scene(found, metric=metric, against=against, frame=frame)
    assert sorted(dot.number for dot in made.dots) == [
        n for n, p in enumerate(found) if getattr(p.figure, metric)
    ]
    for dot in made.dots:
        assert 52 <= dot.x <= frame.width - 16
        assert 14 <= dot.y <= frame.height - 44
    for number, left, base in made.names:
        assert 52 <= left <= frame.width - len(found[number].name) * LETTER
        assert 10 <= base <= frame.height
    assert 2 <= len(made.levels) <= 10


def test_a_choice_without_figures_has_no_scene(found):
    assert scene(found, "digits") is None
    assert scene([], "ImageNet") is None


@pytest.mark.parametrize(("argument", "value"), [("metric", "top3"), ("against", "bytes")])
def test_an_unknown_choice_is_refused(found, argument, value):
    with pytest.raises(ValueError, match=f"{argument}: expected .*, got '{value}'"):
        scene(found, **{argument: value})


def test_the_scenes_of_the_page(found):
    contents = json.loads(json.dumps(LandscapeChart(found).contents()))
    assert list(contents["choices"]) == ["data", "metric", "against", "views"]
    assert len(contents["scenes"]) == 2 * 3 * 5
    for choice, (wide, narrow) in contents["scenes"].items():
        made = scene(found, *choice.split("|"))
        assert [dot[:1] for dot in wide["dots"]] == [[dot.number] for dot in made.dots]
        assert wide["dots"][0][1] == round(10 * made.dots[0].x)
        assert max(dot[1] for dot in narrow["dots"]) < 3800
    for point, (name, model, era, sentence) in zip(found, contents["points"], strict=True):
        assert (name, model) == (point.name, point.model)
        assert 0 <= era < landscape_chart.MOST_ERAS
        assert sentence.startswith(f"{name}, {point.year}. Error on ImageNet: ")
