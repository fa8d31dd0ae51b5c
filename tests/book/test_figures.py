"""Figures in the page: their panels, their colors on the dark page, their texts on a phone."""

import re
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest
from page_helpers import EXTENSIONS, load_extension

mpl.use("Agg")
import matplotlib.pyplot as plt

from cnnhistory.plotting.curves import seed_curves
from cnnhistory.plotting.style import SETTINGS
from cnnhistory.plotting.svg import figure_svg

pytest.importorskip("sphinx", reason="the extra `book` is not installed")
figures = load_extension("book_figures")
texts = load_extension("figure_texts")


@pytest.fixture(autouse=True)
def _style():
    with mpl.rc_context(SETTINGS):
        yield
    plt.close("all")


def page(svg: str, alt: str = "What is seen", name: str = "figure-1") -> ET.Element:
    html = figures.figure_html(svg, alt, name)
    return ET.fromstring(re.sub(r"<style>.*?</style>", "", html))


def style(svg: str) -> str:
    found = re.search(r"<style>(.*?)</style>", figures.figure_html(svg, "", "figure-1"))
    return found[1] if found else ""


def two_panels(**options: object) -> str:
    figure, axes = plt.subplots(1, 2, figsize=(7, 3), **options)  # type: ignore[arg-type]
    for ax in axes:
        seed_curves({"lenet5": [[30, 20, 10]]}, ax=ax)
    axes[0].set_ylabel("error, %")
    return figure_svg(figure)


def test_a_figure_is_one_image_with_its_description():
    _, ax = plt.subplots()
    ax.plot([0, 1])
    root = page(figure_svg(ax.figure), 'He said "<2>"')
    (sheet,) = root
    assert (sheet.get("role"), sheet.get("aria-label")) == ("img", 'He said "<2>"')
    (svg,) = root.iter("svg")
    assert svg.get("aria-hidden") == "true"
    assert svg.get("width") is None
    assert "paper" not in ET.tostring(root, encoding="unicode")


def test_names_are_those_of_the_page():
    _, ax = plt.subplots()
    ax.plot([0, 1, 9])
    ax.set_xlim(0, 1)  # which cuts the line off
    svg = figure_svg(ax.figure)
    for name in ("figure-1", "figure-2"):
        html = figures.figure_html(svg, "", name)
        ids = set(re.findall(r' id="([^"]+)"', html))
        assert len(ids) > 1
        assert all(found.startswith(name) for found in ids)
        assert set(re.findall(r"url\(#([^)]+)\)", html)) < ids


def test_panels_beside_each_other_are_pictures_that_wrap():
    root = page(two_panels())
    boxes = [tuple(map(float, svg.attrib["viewBox"].split())) for svg in root.iter("svg")]
    assert len(boxes) == 2
    assert boxes[0][0] == 0
    assert boxes[1][0] == pytest.approx(boxes[0][2], abs=0.2)
    for svg in root.iter("svg"):
        assert {"1", "2", "3"} <= {text.text for text in svg.iter("text")}


def test_a_panel_that_stands_alone_has_the_names_of_shared_ticks():
    root = page(two_panels(sharey=True))
    (names,) = (svg for svg in root.iter("svg") if svg.get("class") == "names")
    said = {text.text for text in names.iter("text")}
    assert {"10.0", "20.0", "30.0", "error, %"} <= said
    assert not said & {"1", "2", "3", "epoch"}
    assert ".names{display:block}" in style(two_panels(sharey=True))


def test_a_title_of_the_whole_figure_keeps_it_in_one_piece():
    figure, axes = plt.subplots(1, 2)
    for ax in axes:
        ax.plot([0, 1])
    assert "data-panels" in figure_svg(figure)
    figure.suptitle("both")
    assert "data-panels" not in figure_svg(figure)


@pytest.mark.parametrize(
    ("color", "area", "expected"),
    [
        ("#000", False, "var(--pst-color-text-base)"),
        ("#fff", True, "var(--pst-color-background)"),
        ("#e69f00", False, None),
    ],
)
def test_colors_on_the_dark_page(color: str, area: bool, expected: str | None):
    assert figures.on_dark(figures.parsed(color), area) == expected


def test_colors_that_would_be_hard_to_see_become_lighter():
    new = figures.parsed(figures.on_dark(figures.parsed("#00204d"), False))
    assert figures.contrast(new, figures.DARK) >= 4.5
    assert new[2] > new[1] > new[0]  # still blue
    pale = figures.parsed(figures.on_dark(figures.parsed("#dbe9f6"), True))
    assert figures.contrast(pale, figures.DARK) < 3  # a pale area is a dark one there


def test_gray_lies_between_text_and_page():
    assert figures.on_dark(figures.parsed("#808080"), False).startswith("color-mix(in srgb,")


def test_a_text_on_an_area_keeps_the_color_that_is_read_there():
    _, ax = plt.subplots()
    ax.set(xlim=(0, 3), ylim=(0, 1))
    for x, color in enumerate(("#e69f00", "#ffffff", "#00204d")):
        ax.add_patch(plt.Rectangle((x + 0.1, 0.1), 0.8, 0.8, facecolor=color))
        ax.text(x + 0.5, 0.5, f"on {color}", ha="center", color="black" if x < 2 else "white")
    root = page(figure_svg(ax.figure))
    kept = {text.text: text.get("class") for text in root.iter("text") if "on" in text.text}
    assert kept == {"on #e69f00": "k", "on #ffffff": None, "on #00204d": None}


def test_marks_are_no_area():
    _, ax = plt.subplots()
    ax.plot([0, 1, 2, 3], [0, 3, 0, 3], "s", color="#e69f00")
    ax.text(1.5, 1.5, "between", color="black")
    root = page(figure_svg(ax.figure))
    assert [text.get("class") for text in root.iter("text") if text.text == "between"] == [None]


def test_a_wide_figure_stays_in_one_row_on_a_page():
    figure, axes = plt.subplots(1, 2, figsize=(9, 3))
    for ax in axes:
        ax.plot([0, 1])
        ax.set_axis_off()
        ax.text(0, 0, "a diagram")
    html = figures.figure_html(figure_svg(figure), "", "figure-1")
    widths = [int(n) for n in re.findall(r"[;\"]min-width:(\d+)px;", html)]
    assert len(widths) == 2
    assert sum(widths) < figures.PAGE


def test_what_is_drawn_on_a_picture_keeps_its_color():
    _, ax = plt.subplots()
    ax.imshow([[0.0, 1.0]])
    ax.text(0, 0, "inside", color="black")
    root = page(figure_svg(ax.figure))
    (inside,) = (text for text in root.iter("text") if text.text == "inside")
    assert (inside.get("class"), inside.get("fill")) == ("k", "#000")


def test_texts_grow_on_a_phone_where_they_fit():
    figure, ax = plt.subplots(figsize=(7, 3))
    seed_curves({"lenet5": [[30, 20, 10]]}, ax=ax).set_ylabel("error, %")
    rules = style(figure_svg(figure))
    assert "--t:1." in rules
    ax.set_xticks([1 + n / 20 for n in range(41)], ["many"] * 41)
    assert "--t:1." not in style(figure_svg(figure))


def test_names_of_axes_move_away_from_larger_ticks():
    svg = ET.fromstring(
        '<svg font-size="9"><text x="20" y="50" text-anchor="end">1000</text>'
        '<text x="-4" y="50" class="yl" text-anchor="middle" transform="rotate(-90 -4 50)">'
        "error</text></svg>"
    )
    found = texts.fit(svg, (-12, 0, 100, 100), 1.4)
    assert found.factor == 1.4
    assert found.left > 0
    assert found.down == 0
    assert found.around[0] > 0


def test_the_path_box_is_that_of_its_spots():
    assert figures.path_box("M1 2h3v-4l-1 1z") == (1, -2, 4, 2)
    assert figures.path_box("M0 0c1 2 3 4 5 6") == (0, 0, 5, 6)


@pytest.mark.book
def test_the_dark_colors_are_the_theme_s():
    styles = EXTENSIONS.parents[1] / "_build" / "html" / "_static" / "styles"
    text = "".join(sorted(path.read_text() for path in styles.glob("*theme.css")))
    rules = ";".join(re.findall(r"html\[data-theme=\"?dark\"?\][^{}]*\{([^}]*)\}", text))
    for name, color in (("background", figures.DARK), ("text-base", figures.LIGHT_TEXT)):
        found = re.findall(rf"--pst-color-{name}:(#\w+)", rules)
        assert color in [figures.parsed(value) for value in found]


@pytest.mark.book
def test_figures_of_the_notebooks_stand_in_the_page():
    html = EXTENSIONS.parents[1] / "_build" / "html"
    pages = [path.read_text() for path in html.glob("*/*.html") if path.parent.name[0] != "_"]
    assert sum(text.count('class="book-figure"') for text in pages) > 0
    assert not any('class="paper"' in text for text in pages)
    for text in pages:
        ids = re.findall(r' id="(figure-[^"]+)"', text)
        assert len(set(ids)) == len(ids)
