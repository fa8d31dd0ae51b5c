"""Points, Pareto front and the chart, which is whole without its script and loads nothing."""

import dataclasses
import re
import shutil
import subprocess
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_helpers import Elements

import cnnhistory
from cnnhistory.accounting import count_multiply_adds
from cnnhistory.plotting.figures import landscape, landscape_chart
from cnnhistory.plotting.figures.landscape import (
    best,
    cost,
    front_of,
    left_out,
    panel,
    pareto,
    points,
)
from cnnhistory.plotting.figures.landscape_chart import LandscapeChart, labels
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
    rows = [attrs for tag, attrs in tags if tag == "tr" and "data-model" in attrs]
    assert [row["data-model"] for row in rows] == [p.model for p in found]
    assert rows[0]["data-macs"] == "724406816"
    assert rows[0]["data-top5"] == "81.8"
    with_top1 = [p for p in found if p.figure.top1]
    dots = [attrs for tag, attrs in tags if attrs.get("class") == "dot"]
    assert len(dots) == len(with_top1)
    for name in ("AlexNet", "ZFNet", "MobileNet v2"):
        assert re.search(rf'<text class="name"[^>]*>{name}</text>', html)
    (form,) = (attrs for tag, attrs in tags if tag == "form")
    assert "hidden" in form  # the script shows it
    assert "Krizhevsky 2012, Table 2, Section 4.1" in html
    assert "10 of 224²" not in html
    assert "ten crops of 227²" in html


def test_nothing_is_loaded(html):
    assert "http" not in html.replace("http-equiv", "")
    assert not [attrs for _, attrs in Elements(html).tags if "src" in attrs or "href" in attrs]
    assert "import" not in (files("cnnhistory.plotting.figures") / "landscape.js").read_text()


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
    assert "Top-1 accuracy on digits" in chart.drawing()


def test_labels_cover_neither_dots_nor_each_other():
    dots = [(100.0 + 7 * n, 100.0 + (n * 37) % 60, 6.0) for n in range(20)]
    placed = labels([(f"network{n}", *dot) for n, dot in enumerate(dots)], dots)
    assert 0 < len(placed) < 20
    letter = landscape_chart.LETTER
    boxes = [(x, y - 10, x + len(text) * letter, y + 2) for text, x, y in placed]
    for n, box in enumerate(boxes):
        assert not any(landscape_chart._overlap(box, other) for other in boxes[:n])
        for cx, cy, _ in dots:
            assert not (box[0] < cx < box[2] and box[1] < cy < box[3])


def test_labels_keep_off_lines():
    dot = (200.0, 200.0, 6.0)
    ((_, _, straight),) = labels([("network", *dot)], [dot])
    line = (150.0, 199.0, 400.0, 201.0)
    ((_, left, base),) = labels([("network", *dot)], [dot], [line])
    assert straight == 204
    assert base < 199 or base - 10 > 201
    assert left < 400


def test_the_front_crosses_no_name(html):
    drawing = html.partition("<script>")[0]
    steps = re.search(r'<path class="front" d="M([\d.]+) ([\d.]+)(.*?)H(\d+)"', drawing)
    corners = [(float(steps[1]), float(steps[2]))]
    for right, up in re.findall(r"H([\d.]+)V([\d.]+)", steps[3]):
        corners += [(float(right), corners[-1][1]), (float(right), float(up))]
    corners.append((float(steps[4]), corners[-1][1]))
    names = re.findall(r'<text class="name" x="([\d.]+)" y="([\d.]+)">([^<]*)<', drawing)
    assert len(names) > 8
    for x, y, name in names:
        left, right = float(x), float(x) + len(name) * landscape_chart.LETTER
        for (x0, y0), (x1, y1) in pairwise(corners):
            assert (
                max(x0, x1) < left
                or min(x0, x1) > right
                or max(y0, y1) < float(y) - 8
                or min(y0, y1) > float(y)
            ), name


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_script_is_valid(tmp_path):
    script = tmp_path / "landscape.js"
    script.write_text((files("cnnhistory.plotting.figures") / "landscape.js").read_text())
    subprocess.run(["node", "--check", str(script)], check=True)
